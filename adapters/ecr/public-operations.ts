import {
  BatchDeleteImageCommand,
  CreateRepositoryCommand,
  DescribeImagesCommand,
  DescribeRegistriesCommand,
  DescribeRepositoriesCommand,
  ECRPUBLICClient,
  GetAuthorizationTokenCommand,
} from "@aws-sdk/client-ecr-public";
import { clientConfig } from "./operations.ts";
import type { Operations, OperationsSettings } from "./operations.ts";

/** ECR Public, through its SDK: no filters of a listing, no BatchGetImage, and a registry is found by its alias. */
export function openPublicOperations(settings: OperationsSettings): Operations {
  const client = new ECRPUBLICClient(clientConfig(settings));
  return {
    describeImages(described, options) {
      const { imageIds, untagged: _, ...input } = described;
      const ids = imageIds === undefined ? {} : { imageIds: [...imageIds] };
      return client.send(new DescribeImagesCommand({ ...input, ...ids }), options);
    },
    batchDeleteImage: ({ imageIds, ...input }, options) =>
      client.send(new BatchDeleteImageCommand({ ...input, imageIds: [...imageIds] }), options),
    describeRepositories: (input, options) =>
      client.send(new DescribeRepositoriesCommand(input), options),
    createRepository: ({ repositoryName }, options) =>
      client.send(new CreateRepositoryCommand({ repositoryName }), options),
    async getAuthorizationToken(options) {
      const { authorizationData } = await client.send(
        new GetAuthorizationTokenCommand({}),
        options,
      );
      return authorizationData;
    },
    describeRegistries: (input, options) =>
      client.send(new DescribeRegistriesCommand(input), options),
  };
}
