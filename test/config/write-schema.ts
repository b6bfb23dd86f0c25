import { writeFile } from "node:fs/promises";
import { configJsonSchema } from "../../src/config/schema.ts";

await writeFile("docs/config.schema.json", `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
