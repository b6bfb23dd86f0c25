import { printFigures } from "../figure.ts";
import { measureCleanupRequests } from "./measure.ts";

printFigures(await measureCleanupRequests());
