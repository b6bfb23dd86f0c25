import { describe } from "vitest";
import { describeBlobUpload } from "./blob-upload.ts";
import { describeCancellation } from "./cancellation.ts";
import { describeDeletion } from "./deletion.ts";
import { describeCascade } from "./cascade.ts";
import { describeDeletionFaults } from "./deletion-faults.ts";
import { describeListingFaults } from "./listing-faults.ts";
import { describeRecord } from "./record.ts";
import { describeRepositories } from "./repositories.ts";
import { describeRights } from "./rights.ts";
import { describeTagDeletion } from "./tag-deletion.ts";
import { describeServerCopy } from "./server-copy.ts";
import { describeUndelete } from "./undelete.ts";
import { describeErrors } from "./errors.ts";
import { describeGarbage } from "./garbage.ts";
import { learn } from "./harness.ts";
import type { Subject } from "./harness.ts";
import { describeLearning } from "./learning.ts";
import { describeListing } from "./listing.ts";
import { describeManifestListing } from "./manifest-listing.ts";
import { describePull } from "./pull.ts";
import { describePush } from "./push.ts";
import { describeReferrers } from "./referrers.ts";

/**
 * The contract of the port, once for every implementation.
 *
 * The record, with its probes answered by `learn`, is the only switch: nobody can opt out of a group.
 */
export async function describeRegistryContract(subject: Subject): Promise<void> {
  const learned = await learn(subject);
  describe(`registry contract: ${subject.name}`, () => {
    describeRecord(learned);
    describeLearning(learned);
    describeRights(learned);
    describeRepositories(learned);
    describePull(learned);
    describePush(learned);
    describeBlobUpload(learned);
    describeListing(learned);
    describeManifestListing(learned);
    describeDeletion(learned);
    describeTagDeletion(learned);
    describeCascade(learned);
    describeUndelete(learned);
    describeServerCopy(learned);
    describeReferrers(learned);
    describeGarbage(learned);
    describeErrors(learned);
    describeListingFaults(learned);
    describeDeletionFaults(learned);
    describeCancellation(learned);
  });
}
