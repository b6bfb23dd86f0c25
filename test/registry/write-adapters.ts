import { readFile, writeFile } from "node:fs/promises";
import { adapters } from "../../adapters/index.ts";
import { adaptersPage } from "./adapters-page.ts";

const PAGE = "docs/adapters.md";

await writeFile(PAGE, await adaptersPage(await readFile(PAGE, "utf8"), adapters));
