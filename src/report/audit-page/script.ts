import { CONTROLS } from "../page/controls.ts";
import { ADDRESS } from "./script/address.ts";
import { FILTER } from "./script/filter.ts";
import { FINDINGS } from "./script/findings.ts";
import { GRID } from "./script/grid.ts";
import { PART } from "./script/part.ts";
import { PRINT } from "./script/print.ts";
import { UNPACK } from "./script/unpack.ts";

/**
 * The page's only script: the list of tags, with search, filters and order, the part about one tag, and the list of findings.
 *
 * It reads the element `#data`. All text is set as text. What is shown is told by the part of the address after `#`, so that
 * links lead to it.
 */
export const AUDIT_SCRIPT = `
"use strict";
(async () => {
${CONTROLS}${UNPACK}${FILTER}${GRID}${PART}${ADDRESS}${FINDINGS}${PRINT}
readAddress();
explorer.setAttribute("aria-busy", "false");
})();
`;
