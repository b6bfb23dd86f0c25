import type { Digest } from "../../oci/digest.ts";
import { isIndexType } from "../../oci/media-type.ts";
import { LABEL } from "../../stages/labels.ts";
import type { Facts, InventoryTag, Need } from "./inventory.ts";

/** What a proof reads, and where it says what it could not read. */
export interface Proof {
  readonly byDigest: ReadonlyMap<Digest, readonly InventoryTag[]>;
  readonly facts: ReadonlyMap<Digest, Facts>;
  readonly project: string;
  /** Grows by what has to be read. */
  readonly needs: Need[];
}

/** Whether a digest is an index of this project, nested ones included. */
export function isOurIndex(
  digest: Digest | undefined,
  proof: Proof,
  mediaType: string | undefined,
): boolean {
  if (digest === undefined || (mediaType !== undefined && !isIndexType(mediaType))) return false;
  const known = proof.facts.get(digest);
  if (known === undefined) proof.needs.push({ digest, config: false });
  return known?.kind === "index" && weigh(digest, proof) === true;
}

/**
 * Whether what is stored under a digest is provably this project's: a stage tag is on it, its config names the project, or
 * it is an index of which at least one child is there and every child that is there is the project's. `undefined`: nothing
 * is stored there, or it has to be read first.
 */
export function provesOurs(digest: Digest, proof: Proof): boolean | undefined {
  if (hasStageTag(digest, proof)) return true;
  return proof.facts.get(digest)?.kind === "index"
    ? weigh(digest, proof)
    : judgeImage(digest, proof);
}

interface Frame {
  readonly digest: Digest;
  readonly children: Iterator<{ readonly digest: Digest }>;
  yes: boolean;
  no: boolean;
}

/** Judges an index by its children, each digest once; anyone can push indexes nested deeper than a stack is. */
function weigh(root: Digest, proof: Proof): boolean | undefined {
  const verdicts = new Map<Digest, boolean | undefined>();
  const open: Frame[] = [];
  enter(root);
  for (let frame = open.at(-1); frame !== undefined; frame = open.at(-1)) {
    const { done, value } = frame.children.next();
    if (done === true) {
      open.pop();
      const verdict = frame.yes && !frame.no;
      verdicts.set(frame.digest, verdict);
      note(open.at(-1), verdict);
    } else if (verdicts.has(value.digest)) {
      note(frame, verdicts.get(value.digest));
    } else if (hasStageTag(value.digest, proof)) {
      note(frame, true);
    } else if (!enter(value.digest)) {
      const verdict = judgeImage(value.digest, proof);
      verdicts.set(value.digest, verdict);
      note(frame, verdict);
    }
  }
  return verdicts.get(root);

  /** Whether it is an index, whose children come next. */
  function enter(digest: Digest): boolean {
    const known = proof.facts.get(digest);
    if (known?.kind !== "index") return false;
    verdicts.set(digest, undefined);
    open.push({ digest, children: known.children.values(), yes: false, no: false });
    return true;
  }
}

function note(frame: Frame | undefined, verdict: boolean | undefined): void {
  if (frame === undefined || verdict === undefined) return;
  if (verdict) frame.yes = true;
  else frame.no = true;
}

function judgeImage(digest: Digest, { facts, needs, project }: Proof): boolean | undefined {
  const known = facts.get(digest);
  if (known === undefined || (known.kind === "image" && known.image === undefined)) {
    needs.push({ digest, config: true });
    return undefined;
  }
  if (known.kind === "absent") return undefined;
  return (
    known.kind === "image" &&
    known.image !== "unreadable" &&
    known.image?.labels[LABEL.project] === project
  );
}

function hasStageTag(digest: Digest, { byDigest }: Proof): boolean {
  return byDigest.get(digest)?.some(({ class: { kind } }) => kind === "stage") === true;
}
