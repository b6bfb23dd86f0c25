import { printFigures } from "../figure.ts";
import { measureAudit } from "./measure.ts";

printFigures(await measureAudit());
