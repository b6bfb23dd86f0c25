import { printFigures } from "../figure.ts";
import { measurePlan } from "./measure.ts";

printFigures(await measurePlan());
