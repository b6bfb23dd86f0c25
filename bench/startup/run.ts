import { printFigures } from "../figure.ts";
import { measureStartup } from "./measure.ts";

printFigures(await measureStartup());
