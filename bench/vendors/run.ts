import { printFigures } from "../figure.ts";
import { measureVendors } from "./measure.ts";

printFigures(await measureVendors());
