import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { reportPage } from "../../src/report/page/page.ts";
import { findPeer, peersAreRequired, requirePeer } from "../../contract-tests/servers/peers.ts";
import { startBrowser } from "./browser.ts";
import type { Browser, Page } from "./browser.ts";
import { doneOf, keptTag, lineOf, planOf, projectOf, runOf, stageOf } from "./sample.ts";

const EVIL = `"><img src=x onerror="document.title='evil'"></script><script>document.title='evil'</script>`;
const WIDE = { width: 1100, height: 800 };

const isMissing = findPeer("chromium") === undefined;

describe.skipIf(isMissing && !peersAreRequired())("the page in a browser (chromium)", () => {
  let browser: Browser;
  let folder: string;

  beforeAll(async () => {
    browser = await startBrowser(requirePeer("chromium"));
    folder = await mkdtemp(join(tmpdir(), "tidemark-page-"));
    const { plan, input } = projectOf(5000, lineOf(5000, ["release"]));
    await writeFile(join(folder, "large.html"), reportPage(runOf({ result: doneOf(plan), input })));
    const kept = [keptTag(EVIL, "foreign", [{ kind: "rule", rule: EVIL, because: EVIL }])];
    const evil = doneOf(planOf({ kept, warnings: [EVIL] }), { brokeOff: EVIL });
    const page = reportPage(runOf({ result: evil, input: projectOf(1, lineOf(2, [EVIL])).input }));
    await writeFile(join(folder, "evil.html"), page);
  });

  afterAll(async () => {
    await browser[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  it.each(["light", "dark"] as const)(
    "asks for nothing and breaks none of its own rules, in %s",
    async (scheme) => {
      const page = await open("large", { ...WIDE, scheme });

      expect(page.requests()).toEqual([]);
      expect(page.complaints()).toEqual([]);
    },
  );

  it("is readable in the dark: its text is lighter than its background", async () => {
    const page = await open("large", { ...WIDE, scheme: "dark" });

    const lightness = (property: string): Promise<unknown> =>
      page.evaluate(
        `getComputedStyle(document.body).${property}.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0)`,
      );

    expect(await lightness("color")).toBeGreaterThan(500);
    expect(await lightness("backgroundColor")).toBeLessThan(150);
  });

  it("fits a phone: nothing has to be scrolled sideways", async () => {
    const page = await open("large", { width: 360, height: 740 });

    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
  });

  it("shows ten thousand tags in portions", async () => {
    const page = await open("large");

    expect(await page.evaluate("document.querySelector('[role=status]').textContent")).toBe(
      "10002 of 10002",
    );
    expect(await page.evaluate("document.querySelectorAll('.entry').length")).toBe(100);
    expect(await page.evaluate("document.querySelectorAll('*').length")).toBeLessThan(4000);

    await page.evaluate("document.querySelector('#explorer > button').click()");

    expect(await page.evaluate("document.querySelectorAll('.entry').length")).toBe(200);
  });

  it("finds a tag by its name, and by why it stays", async () => {
    const page = await open("large");

    expect(await find(page, stageOf("stage 3", 3))).toEqual([
      stageOf("stage 3", 3),
      expect.stringMatching(/^meta-/),
    ]);
    expect(await find(page, "left alone notes")).toEqual(["notes"]);
  });

  it("filters by status, and orders by age", async () => {
    const page = await open("large");

    await page.evaluate(`choose = (at, value) => {
      const select = document.querySelectorAll("select")[at];
      select.value = value;
      select.dispatchEvent(new Event("change"));
    }; choose(0, "1"); choose(2, "new")`);

    expect(await page.evaluate("document.querySelector('[role=status]').textContent")).toBe(
      "6666 of 10002",
    );
    expect(await page.evaluate("document.querySelector('.entry code').textContent")).toBe(
      stageOf("stage 1", 1),
    );
  });

  it("shows older commits when asked", async () => {
    const page = await open("large");

    expect(await page.evaluate("document.querySelectorAll('ol.history > li').length")).toBe(40);
    await page.evaluate("document.querySelector('ol.history + button').click()");
    expect(await page.evaluate("document.querySelectorAll('ol.history > li').length")).toBe(140);
  });

  it("tells the summary where scripts are switched off", async () => {
    const page = await open("large", { ...WIDE, scripts: false });

    const text = await page.evaluate("document.body.innerText");

    expect(text).toContain("stages\t1667\t3333");
    expect(text).toContain("matched 2 references");
    expect(text).toContain("switched off here");
  });

  it("runs nothing that others wrote", async () => {
    const page = await open("evil");
    await page.evaluate(
      "document.querySelectorAll('details').forEach((each) => (each.open = true))",
    );

    expect(await page.evaluate("document.title")).toBe("Cleanup of reg.example/acme/shop");
    expect(await page.evaluate("document.images.length")).toBe(0);
    expect(await page.evaluate("document.body.innerText")).toContain(EVIL);
    expect(page.complaints()).toEqual([]);
  });

  function open(name: string, view: Parameters<Browser["open"]>[1] = WIDE): Promise<Page> {
    return browser.open(join(folder, `${name}.html`), view);
  }

  /** Names of the tags that a search shows, once it has shown them. */
  function find(page: Page, text: string): Promise<unknown> {
    return page.evaluate(`new Promise((settle) => {
      const list = document.querySelector("#entries");
      new MutationObserver(() =>
        settle([...list.querySelectorAll(".what code")].map((each) => each.textContent)),
      ).observe(list, { childList: true });
      const search = document.querySelector("input[type=search]");
      search.value = ${JSON.stringify(text)};
      search.dispatchEvent(new Event("input"));
    })`);
  }
});
