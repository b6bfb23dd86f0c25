import { printFigures } from "../figure.ts";
import { measureRates } from "./measure.ts";

printFigures(await measureRates());
