import type { RuleId, Severity } from "./audit.ts";

/** What an audit looks for, one kind of fault. */
export interface AuditRule {
  readonly id: RuleId;
  /** Of most of its findings; a finding may be more or less severe, and says so itself. */
  readonly severity: Severity;
  /** A few words, as a heading. */
  readonly short: string;
  /** What is looked at, and when it is a finding. */
  readonly full: string;
  /** What to do about it. */
  readonly advice: string;
}

/** Every rule, most severe first. */
export const AUDIT_RULES: readonly AuditRule[] = [
  {
    id: "dangling-tag",
    severity: "error",
    short: "A tag leads to nothing",
    full: "The listing has the tag, and the registry has no manifest for it. Nobody can pull it.",
    advice:
      "Push the image again or delete the tag; if there are many, check the storage of the registry.",
  },
  {
    id: "index-without-child",
    severity: "error",
    short: "An index names manifests that are not there",
    full: "An index names a manifest for a platform, and the repository does not have it. A pull for that platform fails.",
    advice: "Push the index again with all its platforms, or delete it.",
  },
  {
    id: "incomplete-image",
    severity: "error",
    short: "An image names content that is not there",
    full: "An image names a config or a layer, and the repository does not have it, as the registry said twice. A pull fails. A lost config is found when it is read, anything else with --check-blobs.",
    advice:
      "Push the image again, or delete it; if there are many, check the storage of the registry.",
  },
  {
    id: "in-use-unprotected",
    severity: "warning",
    short: "An image in use that no policy keeps",
    full: "Something in a cluster runs the image, and neither a Git policy, a rule nor the keep list keeps it: once the cluster is not asked, or the workload is away for a while, a cleanup takes it. Or it runs by a digest to which no tag leads.",
    advice:
      "Widen a keep policy, or add the tag to the keep list, or deploy an image that a policy keeps.",
  },
  {
    id: "unsigned-release",
    severity: "warning",
    short: "A release without a signature",
    full: "The tag is a release, and no signature is about its manifest: neither a tag sha256-….sig nor a referrer of a known signature type.",
    advice: "Sign the manifest by its digest.",
  },
  {
    id: "moved-tag",
    severity: "warning",
    short: "A tag leads elsewhere than in the last audit",
    full: "The tag had another digest in the earlier audit. For a release, a stage or a marker that is an error: such tags never move. For other names that people choose it is a note.",
    advice:
      "Find out who pushed it; deploy by digest where the content must not change, and make release tags immutable.",
  },
  {
    id: "record-without-stage",
    severity: "warning",
    short: "A record of a stage that is not there",
    full: "A record of an image at a commit, of a custom tag or of an import names a stage that the repository does not have.",
    advice:
      "Run a cleanup: it removes such records. If stages are missing that should be there, find out who deleted them.",
  },
  {
    id: "unknown-commit",
    severity: "warning",
    short: "An image of a commit that nobody has",
    full: "No branch and no tag reaches the commit that an image was built from. A warning where that is so for all its commits, a note where only for some.",
    advice:
      "If the commit was rewritten, run a cleanup; if it should be there, check that this is the right clone.",
  },
  {
    id: "too-many-records",
    severity: "warning",
    short: "Most tags are records",
    full: "More than 80 % (--records-share) of at least 100 tags are records of images, names, custom tags and imports. Listings get slow by them.",
    advice: "Run a cleanup, and retire image names that no longer exist.",
  },
  {
    id: "overdue-cleanup",
    severity: "warning",
    short: "A cleanup is overdue",
    full: "The last cleanup is longer ago than 30 days (--overdue-after), or there never was one though there are stages older than that; or more than half (--overdue-share) of at least 20 images would go.",
    advice: "Run a cleanup, and check that its schedule is at work.",
  },
  {
    id: "base-image-past-support",
    severity: "warning",
    short: "A base image that gets no more fixes",
    full: "An image that stays is built on a distribution or runtime whose support has ended, as its annotations, labels and environment tell.",
    advice: "Build it on a release that is supported.",
  },
  {
    id: "signature-without-subject",
    severity: "warning",
    short: "A signature of something that is not there",
    full: "A signature, attestation or other referrer is about a manifest that the repository does not have.",
    advice: "Run a cleanup with --delete-orphans.",
  },
  {
    id: "stage-without-record",
    severity: "note",
    short: "A stage that nobody needs by a record",
    full: "No record names the stage, and no stage or index with a record was made from it, though it is old enough: a build that broke off, or records that are lost.",
    advice:
      "Run a cleanup: it removes such stages. If there are many, check that records are complete.",
  },
  {
    id: "rejected-leftover",
    severity: "note",
    short: "What was rejected is still there",
    full: "A marker says that a stage is broken. Either the stage is still there, or it is gone and its marker was left.",
    advice: "Run a cleanup: it removes the stage, when nothing needs it, and its marker.",
  },
  {
    id: "tag-near-limit",
    severity: "note",
    short: "A tag that is nearly too long",
    full: "A name that people chose has at least 90 % of the characters that a tag may have: the next one made after its pattern may be refused or cut.",
    advice: "Shorten what the tag is made from.",
  },
];
