import { createFakeEcr } from "../fakes/ecr/registry.ts";
import { AWS_USER } from "../fakes/ecr/users.ts";
import type { FakeRequest } from "../fakes/message.ts";
import { repositoryIn } from "../fakes/state.ts";
import type { Vendor } from "./vendor.ts";

/** A private registry of Amazon ECR. */
export const ecr: Vendor = {
  id: "ecr",
  load: () => import("../../adapters/ecr/adapter.ts"),
  simulate(options = {}) {
    const registry = createFakeEcr(options);
    return {
      registry,
      repositoryName(short) {
        // A repository has to be made before the first push.
        repositoryIn(registry.state, short);
        return short;
      },
      access: (host) => ({
        options: {
          "ecr-account": registry.account,
          "ecr-region": registry.region,
          "ecr-api-url": `http://${host}`,
        },
        env: {
          AWS_ACCESS_KEY_ID: AWS_USER.accessKeyId,
          AWS_SECRET_ACCESS_KEY: AWS_USER.secretAccessKey,
        },
        secrets: [AWS_USER.secretAccessKey],
      }),
    };
  },
  pages: true,
  isListing: (request) => isAction(request, "DescribeImages"),
  isDeletion: (request) => isAction(request, "BatchDeleteImage"),
};

function isAction({ headers }: FakeRequest, action: string): boolean {
  return headers["x-amz-target"]?.endsWith(`.${action}`) ?? false;
}
