import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { requirePeer } from "../../contract-tests/servers/peers.ts";
import { auditPage } from "../../src/report/audit-page/page.ts";
import { startBrowser } from "../../test/report/browser.ts";
import type { Browser, Page } from "../../test/report/browser.ts";
import { grownAudit } from "../../test/report/audit/sample.ts";
import { atMost, mebibytes, median, seconds } from "../figure.ts";
import type { Figure } from "../figure.ts";

/** A stage has a record, and every hundredth a foreign tag. */
const STAGES = 49_751;
const ROUNDS = 7;
const BUDGET_S = 2;

/** A page with 100 000 tags in Chromium: from its address to rows that answer, and what a search and an order take then. */
export async function measureAuditPage(): Promise<readonly Figure[]> {
  const audit = grownAudit(STAGES);
  const tags = audit.repositories.reduce((sum, { totals }) => sum + totals.tags, 0);
  const start = performance.now();
  const html = await auditPage(audit, { version: "0" });
  const made = (performance.now() - start) / 1000;
  const folder = await mkdtemp(join(tmpdir(), "tidemark-audit-page-"));
  try {
    await writeFile(join(folder, "audit.html"), html);
    await using browser = await startBrowser(requirePeer("chromium"));
    const rounds: Round[] = [];
    // The first round warms the browser up and does not count.
    for (let round = 0; round <= ROUNDS; round += 1) {
      const times = await playRound(browser, join(folder, "audit.html"));
      if (round > 0) rounds.push(times);
    }
    const middle = (name: keyof Round): number => median(rounds.map((times) => times[name])) / 1000;
    return [
      { work: `a page with ${tags} tags, made`, figure: seconds(made) },
      { work: "its size", figure: mebibytes(html.length) },
      atMost(`opened until it answers, median of ${ROUNDS}`, middle("ready"), BUDGET_S, seconds),
      { work: "a first search in it", figure: seconds(middle("firstSearch")) },
      { work: "a further search", figure: seconds(middle("search")) },
      { work: "another order", figure: seconds(middle("order")) },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Milliseconds. */
interface Round {
  readonly ready: number;
  readonly firstSearch: number;
  readonly search: number;
  readonly order: number;
}

async function playRound(browser: Browser, file: string): Promise<Round> {
  const page = await browser.open(file, { width: 1280, height: 900 });
  const ready = await numberOf(
    page,
    `new Promise((settle) => {
      const explorer = document.getElementById("explorer");
      const look = () => explorer.getAttribute("aria-busy") === "false"
        ? requestAnimationFrame(() => settle(performance.now()))
        : setTimeout(look, 1);
      look();
    })`,
  );
  const firstSearch = await numberOf(page, searchFor("feature-7"));
  const search = await numberOf(page, searchFor("docs"));
  const order = await numberOf(
    page,
    `(() => {
      const start = performance.now();
      document.querySelector("[data-column=own] button").click();
      return performance.now() - start;
    })()`,
  );
  return { ready, firstSearch, search, order };
}

/** From the last key to the count of what was found, the page's own delay included. */
function searchFor(text: string): string {
  return `new Promise((settle) => {
    const status = document.querySelector("#tags [role=status]");
    const start = performance.now();
    new MutationObserver((_, observer) => {
      observer.disconnect();
      settle(performance.now() - start);
    }).observe(status, { childList: true });
    const search = document.querySelector("input[type=search]");
    search.value = ${JSON.stringify(text)};
    search.dispatchEvent(new Event("input"));
  })`;
}

async function numberOf(page: Page, expression: string): Promise<number> {
  return Number(await page.evaluate(expression));
}
