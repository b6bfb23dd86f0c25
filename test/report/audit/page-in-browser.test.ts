import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { findPeer, peersAreRequired, requirePeer } from "../../../contract-tests/servers/peers.ts";
import { auditPage } from "../../../src/report/audit-page/page.ts";
import { startBrowser } from "../browser.ts";
import type { Browser, Page, View } from "../browser.ts";
import { stageOf } from "../sample.ts";
import { auditOf, findingOf, grownAudit, repositoryOf, tagOf } from "./sample.ts";

const EVIL = `"><img src=x onerror="document.title='evil'"></script><script>document.title='evil'</script>`;
const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const VERSION = { version: "1.2.3" };

const isMissing = findPeer("chromium") === undefined;

describe.skipIf(isMissing && !peersAreRequired())(
  "the page of an audit in a browser (chromium)",
  () => {
    let browser: Browser;
    let folder: string;

    beforeAll(async () => {
      browser = await startBrowser(requirePeer("chromium"));
      folder = await mkdtemp(join(tmpdir(), "tidemark-audit-page-"));
      await save("large", grownAudit(5000));
      const { digest: _, ...dangling } = tagOf({ tag: "nowhere", commits: [] });
      const others = ["one", "two"].map((tag) =>
        tagOf({ tag, digest: `sha256:${"1".repeat(64)}`, commits: [] }),
      );
      const long = ["long", "longer"].map((tag) =>
        tagOf({ tag, digest: `sha512:${"3".repeat(128)}`, commits: [] }),
      );
      const tags = [...others, ...long, dangling];
      await save("shared", auditOf({ repositories: [repositoryOf({ tags })] }));
      const evil = tagOf({ tag: EVIL, image: EVIL, commits: [EVIL], mediaType: EVIL });
      const first = repositoryOf({ repository: EVIL, project: EVIL, tags: [evil] });
      const second = repositoryOf({
        repository: "reg.example/second",
        tags: [tagOf({ tag: EVIL })],
      });
      const findings = [
        findingOf({ repository: EVIL, subject: EVIL, message: EVIL, advice: EVIL }),
      ];
      await save("evil", auditOf({ repositories: [first, second], findings, warnings: [EVIL] }));
    });

    afterAll(async () => {
      await browser[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    });

    it.each(["light", "dark"] as const)(
      "asks for nothing and breaks none of its own rules, in %s",
      async (scheme) => {
        const page = await open("large", { ...WIDE, scheme });
        await openFirst(page);

        expect(page.requests()).toEqual([]);
        expect(page.complaints()).toEqual([]);
      },
    );

    it("fits a phone: nothing has to be scrolled sideways, with a tag's part open too", async () => {
      const page = await open("large", PHONE);
      const width = "document.documentElement.scrollWidth";

      expect(await page.evaluate(width)).toBe(390);
      await openFirst(page);
      expect(await page.evaluate(width)).toBe(390);
      expect(
        await page.evaluate("document.getElementById('part').getBoundingClientRect().bottom"),
      ).toBe(844);
    });

    it("has elements for the rows in sight only, and comes to the last row", async () => {
      const page = await open("large");

      expect(await statusOf(page)).toBe("10,050 of 10,050 tags");
      expect(await page.evaluate("document.querySelectorAll('*').length")).toBeLessThan(2000);

      await page.evaluate(`document.querySelector(".grid").scrollTop = 1e9`);
      await drawn(page);

      const last = `[...document.querySelectorAll(".grid .body [role=row]")].find((row) => row.getAttribute("aria-rowindex") === "10051")`;
      expect(await page.evaluate(`${last}.textContent`)).toContain("v1.9");
      expect(await page.evaluate("document.querySelectorAll('*').length")).toBeLessThan(2000);
    });

    it("finds a tag by its name, its reference and the reason that keeps it", async () => {
      const page = await open("large");

      expect(await find(page, stageOf("stage 0"))).toBe("2 of 10,050 tags");
      expect(await namesOf(page)).toEqual([stageOf("stage 0"), expect.stringMatching(/^meta-/)]);
      expect(await find(page, "feature-124 keep policy")).toBe("20 of 10,050 tags");
      expect(await find(page, "nowhere at all")).toBe("0 of 10,050 tags");
    });

    it("finds a tag by its digest, and shows it and what else is on that manifest", async () => {
      const page = await open("shared");

      expect(await find(page, `sha256:${"1".repeat(64)}`)).toBe("2 of 5 tags");
      expect(await partOf(page, "one")).toContain(`sha256:${"1".repeat(64)}`);
      expect(await partOf(page, "one")).toMatch(/Of the same manifest\s+two stage\s*$/m);
      expect(await partOf(page, "long")).toContain(`sha512:${"3".repeat(128)}`);
      expect(await partOf(page, "long")).toMatch(/Of the same manifest\s+longer stage\s*$/m);
      expect(await partOf(page, "nowhere")).toContain("leads to nothing");
    });

    it("filters and sorts, and tells so in its address", async () => {
      const page = await open("large");

      await page.evaluate(`set = (label, value) => {
      const select = document.querySelector('select[aria-label="' + label + '"]');
      select.value = value;
      select.dispatchEvent(new Event("change"));
    }; set("What it is", "stage"); set("Image", "api"); set("Verdict", "kept")`);
      await page.evaluate(`document.querySelector("[data-column=own] button").click()`);

      expect(await statusOf(page)).toBe("500 of 10,050 tags");
      expect(await page.evaluate("location.hash")).toBe(
        "#class=stage&image=api&verdict=kept&sort=-own",
      );
      expect(
        await page.evaluate(
          `document.querySelector("[data-column=own]").getAttribute("aria-sort")`,
        ),
      ).toBe("descending");
      const sizes = await page.evaluate(
        `[...document.querySelectorAll(".body [data-column=own]")].slice(0, 5).map((cell) => cell.textContent)`,
      );
      expect(sizes).toEqual(["28.4 MiB", "28.4 MiB", "28.4 MiB", "28.4 MiB", "28.4 MiB"]);
    });

    it("goes where a link of the shares leads, and back", async () => {
      const page = await open("large");

      await page.evaluate(`document.querySelector('a[href="#class=foreign"]').click()`);
      await turned(page);
      expect(await statusOf(page)).toBe("50 of 10,050 tags");

      await page.evaluate("history.back()");
      await turned(page);
      expect(await statusOf(page)).toBe("10,050 of 10,050 tags");
    });

    it("opens the part of a tag by a link: why, findings, commit and what shares it", async () => {
      const page = await open("large", WIDE, `#tag=${stageOf("stage 0")}`);

      const text = String(await page.evaluate(`document.getElementById("part").innerText`));

      expect(text).toMatch(
        /Who needs it\s+keep policy 1: branch feature-0 has image shop at commit/,
      );
      expect(text).toContain(", the tip of branch feature-0.");
      expect(text).toContain("Of the same commit");
      expect(await page.evaluate("document.activeElement.id")).toBe("part-name");
      expect(
        await page.evaluate(
          `[...document.querySelectorAll("#part a")].some((link) => link.textContent.startsWith("meta-"))`,
        ),
      ).toBe(true);
      expect(
        await page.evaluate(
          `document.querySelector(".grid .active [data-column=tag]").textContent`,
        ),
      ).toBe(stageOf("stage 0"));
    });

    it("leads from a record to the stage that keeps it", async () => {
      const page = await open("large", WIDE, "#class=image-metadata&verdict=kept");
      await openFirst(page);

      await page.evaluate(`document.querySelector("#part ul a").click()`);
      await turned(page);

      expect(await page.evaluate(`document.getElementById("part-name").textContent`)).toMatch(
        /^[0-9a-f]{56}-/,
      );
      expect(await statusOf(page)).toBe("2,500 of 10,050 tags");
    });

    it("says of a tag that is not there that it is not", async () => {
      const page = await open("large", WIDE, "#tag=nothing");

      expect(await statusOf(page)).toBe("There is no tag nothing here. 10,050 of 10,050 tags");
    });

    it("is worked by keys alone", async () => {
      const page = await open("large");
      const press = (key: string): Promise<unknown> =>
        page.evaluate(
          `document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "${key}", bubbles: true, cancelable: true }))`,
        );
      const activeRow = `document.getElementById(document.querySelector(".grid").getAttribute("aria-activedescendant")).getAttribute("aria-rowindex")`;

      await press("/");
      expect(await page.evaluate("document.activeElement.type")).toBe("search");
      await press("ArrowDown");
      expect(await page.evaluate("document.activeElement.getAttribute('role')")).toBe("grid");
      await press("ArrowDown");
      expect(await page.evaluate(activeRow)).toBe("3");
      await press("End");
      expect(await page.evaluate(activeRow)).toBe("10051");
      await press("Enter");
      expect(await page.evaluate("document.activeElement.textContent")).toBe("v1.9");
      await press("Escape");
      expect(await page.evaluate("document.activeElement.getAttribute('role')")).toBe("grid");
      expect(await page.evaluate("document.getElementById('part').hidden")).toBe(true);
    });

    it("leaves keys on a heading to the heading: they sort", async () => {
      const page = await open("large");

      const isTaken = await page.evaluate(`(() => {
        const button = document.querySelector("[data-column=own] button");
        button.focus();
        const event = new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true });
        return [document.activeElement === button, button.dispatchEvent(event), document.getElementById("part").hidden];
      })()`);

      expect(isTaken).toEqual([true, true, true]);
    });

    it("tells screen readers how many rows there are and which are shown", async () => {
      const page = await open("large");

      const grid = await page.evaluate(`(() => {
      const grid = document.querySelector("[role=grid]");
      const row = grid.querySelector(".body [role=row]");
      return [grid.getAttribute("aria-rowcount"), grid.getAttribute("aria-colcount"), row.getAttribute("aria-rowindex"),
        row.querySelectorAll("[role=gridcell]").length, grid.querySelectorAll("[role=columnheader]").length];
    })()`);

      expect(grid).toEqual(["10051", "8", "2", 8, 8]);
    });

    it("shows findings in portions, and those of one rule", async () => {
      const page = await open("large");
      const items = "document.querySelectorAll('#finding-list > li').length";

      expect(await page.evaluate(items)).toBe(10);
      await page.evaluate("document.querySelector('#findings > button').click()");
      expect(await page.evaluate(items)).toBe(60);
      await page.evaluate(`(() => {
      const select = document.querySelector('select[aria-label="Rule"]');
      select.value = [...select.options].find((option) => option.text.startsWith("unsigned")).value;
      select.dispatchEvent(new Event("change"));
    })()`);
      expect(await page.evaluate("document.getElementById('finding-count').textContent")).toBe(
        "50 of 300",
      );
    });

    it("prints the first rows of what is chosen as a plain table", async () => {
      const page = await open("large", WIDE, "#class=foreign");

      await page.evaluate("window.dispatchEvent(new Event('beforeprint'))");
      expect(await page.evaluate("document.querySelectorAll('#printed tr').length")).toBe(51);

      await page.evaluate("window.dispatchEvent(new Event('afterprint'))");
      expect(await page.evaluate("document.getElementById('printed').childElementCount")).toBe(0);
    });

    it("tells the summary where scripts are switched off", async () => {
      const page = await browser.open(join(folder, "large.html"), { ...WIDE, scripts: false });

      const text = await page.evaluate("document.body.innerText");

      expect(text).toContain("50 warnings, 250 notes");
      expect(text).toContain("by class\ttags\town\tshared");
      expect(text).toContain("switched off here");
    });

    it("runs nothing that others wrote", async () => {
      const page = await open("evil");
      await page.evaluate(
        "document.querySelectorAll('details').forEach((each) => (each.open = true))",
      );
      await openFirst(page);
      await page.evaluate("window.dispatchEvent(new Event('beforeprint'))");

      expect(await page.evaluate("document.title")).toBe(`Audit of ${EVIL} and reg.example/second`);
      expect(await page.evaluate("document.images.length")).toBe(0);
      expect(await page.evaluate("document.getElementById('part').innerText")).toContain(EVIL);
      expect(page.complaints()).toEqual([]);
    });

    it("tells tags of one name in two repositories apart", async () => {
      const page = await open(
        "evil",
        WIDE,
        `#${new URLSearchParams({ tag: EVIL, of: "reg.example/second" }).toString()}`,
      );

      expect(await page.evaluate("document.getElementById('part').innerText")).toContain(
        "repository\nreg.example/second",
      );
      expect(await statusOf(page)).toBe("2 of 2 tags");
    });

    async function save(name: string, audit: Parameters<typeof auditPage>[0]): Promise<void> {
      await writeFile(join(folder, `${name}.html`), await auditPage(audit, VERSION));
    }

    /** Once the page has unpacked its list. */
    async function open(name: string, view: View = WIDE, hash = ""): Promise<Page> {
      const page = await browser.open(join(folder, `${name}.html`), view);
      await page.evaluate(`new Promise((settle) => {
      const look = () => document.getElementById("explorer").getAttribute("aria-busy") === "false" ? settle() : setTimeout(look, 5);
      look();
    })`);
      if (hash !== "") {
        await page.evaluate(`void (location.hash = ${JSON.stringify(hash)})`);
        await turned(page);
      }
      return page;
    }

    async function openFirst(page: Page): Promise<void> {
      await page.evaluate(`document.querySelector(".grid .body [role=row]").click()`);
    }

    function statusOf(page: Page): Promise<unknown> {
      return page.evaluate(`document.querySelector("#tags [role=status]").textContent`);
    }

    function namesOf(page: Page): Promise<unknown> {
      return page.evaluate(
        `[...document.querySelectorAll(".grid .body [role=row]")].filter((row) => row.id).map((row) => row.querySelector("[data-column=tag]").textContent)`,
      );
    }

    /** What the part of a tag tells. */
    async function partOf(page: Page, tag: string): Promise<string> {
      await page.evaluate(`void (location.hash = "#tag=${tag}")`);
      await turned(page);
      return String(await page.evaluate(`document.getElementById("part").innerText`));
    }

    /** Two frames later everything that was asked for is drawn. */
    async function drawn(page: Page): Promise<void> {
      await page.evaluate(
        "new Promise((settle) => requestAnimationFrame(() => requestAnimationFrame(settle)))",
      );
    }

    /** Once a change of the address has been answered. */
    async function turned(page: Page): Promise<void> {
      await page.evaluate("new Promise((settle) => setTimeout(settle, 0))");
      await drawn(page);
    }

    /** What the page says once it has searched. */
    function find(page: Page, text: string): Promise<unknown> {
      return page.evaluate(`new Promise((settle) => {
      const status = document.querySelector("#tags [role=status]");
      new MutationObserver((_, observer) => {
        observer.disconnect();
        settle(status.textContent);
      }).observe(status, { childList: true });
      const search = document.querySelector("input[type=search]");
      search.value = ${JSON.stringify(text)};
      search.dispatchEvent(new Event("input"));
    })`);
    }
  },
);
