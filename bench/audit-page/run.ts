import { printFigures } from "../figure.ts";
import { measureAuditPage } from "./measure.ts";

printFigures(await measureAuditPage());
