import { expect, it } from "vitest";
import type { JournalEntry } from "../../../src/journal/entry.ts";
import { createRepository } from "../../../contract-tests/fakes/state.ts";
import { addImage } from "../../properties/contents.ts";
import { createMemoryRegistry } from "../../properties/memory-registry.ts";
import { cleanUp } from "../../properties/run.ts";

const NOW = Date.UTC(2026, 0, 10);
const STAGE = `${"1".repeat(56)}-1600000000001`;

it.each([
  { form: ".sig", extras: undefined },
  { form: "a tag of its own", extras: undefined },
])(
  "what a registry deletes with its subject is written down before, as $form",
  async ({ form }) => {
    const state = createRepository();
    const image = { media: "oci", created: "2020-01-01T00:00:00Z" } as const;
    const subject = addImage(state, { ...image, labels: { werf: "shop" }, layer: "stage" });
    const signature = addImage(state, { ...image, labels: {}, layer: "signature", subject });
    const tag =
      form === ".sig"
        ? `${subject.digest.replace(":", "-")}.sig`
        : `${"2".repeat(56)}-1600000000002`;
    state.tags.set(STAGE, subject.digest).set(tag, signature.digest);
    const entries: JournalEntry[] = [];
    const known: string[] = [];

    const result = await cleanUp(
      createMemoryRegistry(state, {
        capabilities: { deletionCascade: ["tags", "referrers"] },
        changed: ({ op, digests }) => {
          if (op !== "delete" || !digests.includes(subject.digest)) return;
          known.push(...entries.flatMap((entry) => entry.tags));
        },
      }),
      { project: "shop", now: NOW, hours: 0, keepList: new Set(), git: undefined },
      { journal: (some) => void entries.push(...some) },
    );

    expect(state.tags.has(tag)).toBe(false);
    expect(new Set(result.deleted.map((item) => item.tag))).toEqual(new Set([STAGE, tag]));
    expect(new Set(known)).toEqual(new Set([STAGE, tag]));
    expect(entries).toHaveLength(2);
  },
);
