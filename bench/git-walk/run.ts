import { printFigures } from "../figure.ts";
import { measureGitWalk } from "./measure.ts";

printFigures(await measureGitWalk());
