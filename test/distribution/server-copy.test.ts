import { describe, expect, it } from "vitest";
import { createServerCopy } from "../../src/distribution/server-copy.ts";
import type { ServerCopyRequest } from "../../src/distribution/server-copy.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { RegistryErrorCode } from "../../src/registry/error.ts";
import type { Registry } from "../../src/registry/registry.ts";

const DIGEST: Digest = `sha256:${"a".repeat(64)}`;
const OTHER: Digest = `sha256:${"b".repeat(64)}`;
const TARGET = { host: "registry.example", name: "acme/new" };
const FROM = { host: "registry.example", name: "acme/shop", digest: DIGEST };

describe("what a registry copied by itself", () => {
  it("counts when every tag leads to the manifest", async () => {
    const { copyFrom, asked } = create({ found: DIGEST });

    expect(await copyFrom(TARGET, FROM, { tags: ["1.0", "latest"] })).toBe("copied");
    expect(asked).toMatchObject([{ target: TARGET, from: FROM, tags: ["1.0", "latest"] }]);
  });

  it.each([
    ["a tag that leads elsewhere", OTHER],
    ["a tag that leads nowhere", undefined],
  ])("does not count with %s", async (_, found) => {
    const { copyFrom } = create({ found });

    expect(await copyFrom(TARGET, FROM, { tags: ["1.0"] })).toBe("refused");
  });

  it("is not looked up where the answers proved it", async () => {
    const { copyFrom, looked } = create({ outcome: "proved" });

    expect(await copyFrom(TARGET, FROM, { tags: ["1.0"] })).toBe("copied");
    expect(looked).toEqual([]);
  });

  it("is looked up by its digest where it has no tags", async () => {
    const { copyFrom, looked } = create({ found: DIGEST });

    expect(await copyFrom(TARGET, FROM, { tags: [] })).toBe("copied");
    expect(looked).toEqual([{ ...TARGET, digest: DIGEST }]);
  });
});

describe("what a registry does not copy", () => {
  it.each<RegistryErrorCode>(["denied", "unauthorized", "unsupported", "unavailable", "protocol"])(
    "for a reason like %s is told once, and not tried again between the two repositories",
    async (code) => {
      const { copyFrom, asked, warnings } = create({ fails: code });
      const elsewhere = { ...TARGET, name: "acme/elsewhere" };

      for (const target of [TARGET, TARGET, elsewhere]) {
        expect(await copyFrom(target, FROM, { tags: ["1.0"] })).toBe("refused");
      }

      expect(asked.map(({ target }) => target.name)).toEqual(["acme/new", "acme/elsewhere"]);
      expect(warnings).toEqual([expect.stringMatching(/^registry\.example: .*no luck/)]);
    },
  );

  it.each<RegistryErrorCode>(["conflict", "invalid", "not-found", "rate-limited"])(
    "for a reason like %s is left, and the next one tried",
    async (code) => {
      const { copyFrom, asked, warnings } = create({ fails: code });

      for (const _ of [1, 2]) expect(await copyFrom(TARGET, FROM, { tags: [] })).toBe("refused");

      expect(asked).toHaveLength(2);
      expect(warnings).toEqual([]);
    },
  );

  it("is what lies at another host, or in the target itself", async () => {
    const { copyFrom, asked } = create({ found: DIGEST });

    for (const from of [
      { ...FROM, host: "other.example" },
      { ...FROM, name: TARGET.name },
    ]) {
      expect(await copyFrom(TARGET, from, { tags: [] })).toBe("refused");
    }
    expect(asked).toEqual([]);
  });
});

it("an aborted copy rejects with its reason", async () => {
  const aborting = new AbortController();
  const reason = new Error("enough");
  const { copyFrom } = create({
    during: () => {
      aborting.abort(reason);
      throw new RegistryError("unavailable", "broken off");
    },
  });

  const copying = copyFrom(TARGET, FROM, { tags: [], signal: aborting.signal });

  await expect(copying).rejects.toBe(reason);
});

it("a mistake of the program is no refusal", async () => {
  const mistake = new TypeError("no such field");
  const { copyFrom } = create({
    during: () => {
      throw mistake;
    },
  });

  await expect(copyFrom(TARGET, FROM, { tags: [] })).rejects.toBe(mistake);
});

interface Given {
  /** Where every reference leads. */
  readonly found?: Digest | undefined;
  readonly fails?: RegistryErrorCode;
  readonly outcome?: "proved" | "done";
  readonly during?: () => void;
}

function create({ found, fails, during, outcome = "done" }: Given): {
  readonly copyFrom: Registry["copyFrom"];
  readonly asked: readonly ServerCopyRequest[];
  readonly looked: readonly unknown[];
  readonly warnings: readonly string[];
} {
  const asked: ServerCopyRequest[] = [];
  const looked: unknown[] = [];
  const warnings: string[] = [];
  const copyFrom = createServerCopy(
    { host: TARGET.host, warn: (text) => void warnings.push(text) },
    {
      async resolve(reference) {
        looked.push(reference);
        return found === undefined ? undefined : { mediaType: "", digest: found, size: 1 };
      },
    },
    async (request) => {
      asked.push(request);
      during?.();
      if (fails !== undefined) throw new RegistryError(fails, "no luck");
      return outcome;
    },
  );
  return { copyFrom, asked, looked, warnings };
}
