import { printFigures } from "../figure.ts";
import { measureLargeLayer } from "./large-layer.ts";
import { measureMigration } from "./measure.ts";

printFigures([...(await measureMigration()), ...(await measureLargeLayer())]);
