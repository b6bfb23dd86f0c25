import { describe, expect, it } from "vitest";
import type { FaultRule } from "../../../contract-tests/fakes/faults.ts";
import { dockerRegistry2, ociConformant } from "../../../contract-tests/fakes/personality.ts";
import type { Personality } from "../../../contract-tests/fakes/personality.ts";
import { descriptorOf, hashed, imageOf, seedContent } from "../../../contract-tests/fakes/seed.ts";
import type { SeedContent } from "../../../contract-tests/fakes/seed.ts";
import { createReferrerTags } from "../../../src/commands/migrate/referrer-tags.ts";
import { OCI_INDEX } from "../../../src/oci/media-type.ts";
import type { Digest } from "../../../src/oci/digest.ts";
import { parseManifest } from "../../../src/oci/manifest.ts";
import { referrersTag } from "../../../src/oci/referrers-tag.ts";
import { openCopyWorld } from "./copy-world.ts";

const image = imageOf();
const TAG = referrersTag(image.digest);
const first = about("first");
const others = [about("second"), about("third")];

describe("the index of what is about a manifest", () => {
  it("takes together what comes at one time", async () => {
    const { add, requests, listed } = await open();

    await Promise.all([first, ...others].map(add));

    expect(listed()).toEqual([first, ...others].map(({ digest }) => digest));
    expect(requests().filter((line) => line.startsWith("PUT"))).toHaveLength(1);
  });

  it("keeps what it has, and takes nothing twice", async () => {
    const { add, requests, listed } = await open();
    await add(first);
    requests();

    await add(first);

    expect(listed()).toEqual([first.digest]);
    expect(requests().filter((line) => line.startsWith("PUT"))).toEqual([]);
  });

  it("is not written where the target tells by itself, nor where it is copied", async () => {
    const telling = await open({ personality: ociConformant });
    const copied = await open({ planned: [TAG] });

    for (const { add } of [telling, copied]) await add(first);

    expect([telling.listed(), copied.listed()]).toEqual([[], []]);
  });

  it("that may not be changed is told, and holds nothing up", async () => {
    const { add, listed, warnings } = await open({ faults: [refusal(409, "CONFLICT")] });

    await add(first);

    expect(listed()).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining(`${first.digest} cannot be found`)]);
  });

  it.each([
    ["is an image", imageOf({ labels: { somebody: "else" } })],
    [
      "cannot be understood",
      {
        ...hashed(OCI_INDEX, new TextEncoder().encode('{"manifests": 1}')),
        blobs: [],
        children: [],
      },
    ],
  ])("whose tag somebody has given to what %s stays that, and it is told", async (_, taken) => {
    const { add, tagged, warnings, requests } = await open({ taken });
    const before = tagged();

    await add(first);

    expect(before).toBeDefined();
    expect(tagged()).toBe(before);
    expect(requests().filter((line) => line.startsWith("PUT"))).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining(`${TAG} is no index`)]);
  });

  it("that could not be changed is a failure, and is changed with the next", async () => {
    const { add, listed, warnings } = await open({ faults: [refusal(403, "DENIED")] });

    await expect(add(first)).rejects.toMatchObject({ code: "denied" });
    for (const other of others) await add(other);

    expect(listed()).toEqual(others.map(({ digest }) => digest));
    expect(warnings).toEqual([]);
  });
});

/** Of the first index. */
function refusal(status: number, code: string): FaultRule {
  return {
    when: ({ method, path }) => method === "PUT" && path.endsWith(TAG),
    times: 1,
    fault: { kind: "status", status, code },
  };
}

interface Given {
  readonly personality?: Personality;
  readonly planned?: readonly string[];
  readonly faults?: readonly FaultRule[];
  /** What the tag leads to before. */
  readonly taken?: SeedContent;
}

interface Opened {
  /** Enters what is in the target already. */
  readonly add: (referrer: SeedContent) => Promise<void>;
  readonly listed: () => readonly Digest[];
  /** What the tag leads to. */
  readonly tagged: () => Digest | undefined;
  readonly requests: () => readonly string[];
  readonly warnings: readonly string[];
}

async function open({
  personality = dockerRegistry2,
  planned = [],
  faults = [],
  taken,
}: Given = {}): Promise<Opened> {
  const { target } = await openCopyWorld({ target: personality, targetFaults: faults });
  for (const content of [image, first, ...others]) seedContent(target.state(), content);
  if (taken !== undefined) seedContent(target.state(), taken, [TAG]);
  const warnings: string[] = [];
  const tags = createReferrerTags(
    { registry: target.registry, repository: target.at("shop") },
    new Set(planned),
    {
      deps: { signal: new AbortController().signal },
      warn: (text) => void warnings.push(text),
    },
  );
  return {
    add: (referrer) => tags.add(referrer),
    requests: () => target.requests(),
    warnings,
    tagged: () => target.state().tags.get(TAG),
    listed() {
      const { manifests, tags: known } = target.state();
      const digest = known.get(TAG);
      const stored = digest === undefined ? undefined : manifests.get(digest);
      const index = stored === undefined ? undefined : parseManifest(stored);
      return index?.kind === "index" ? index.children.map((child) => child.digest) : [];
    },
  };
}

function about(layer: string): SeedContent {
  return imageOf({ layers: [layer], artifactType: "text/note", subject: descriptorOf(image) });
}
