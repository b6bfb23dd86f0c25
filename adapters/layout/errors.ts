import { fileErrors } from "../../src/layout/errors.ts";

export const { translating, toRegistryError, damaged } = fileErrors("layout");
