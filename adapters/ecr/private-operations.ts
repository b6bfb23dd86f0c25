import {
  BatchCheckLayerAvailabilityCommand,
  BatchDeleteImageCommand,
  BatchGetImageCommand,
  CreateRepositoryCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
  PutImageCommand,
} from "@aws-sdk/client-ecr";
import { MANIFEST_TYPES } from "../../src/oci/media-type.ts";
import { clientConfig } from "./operations.ts";
import type { DescribeImages, ImageId, Operations, OperationsSettings } from "./operations.ts";

/** Private registries, through their SDK. */
export function openPrivateOperations(settings: OperationsSettings): Operations {
  const client = new ECRClient(clientConfig(settings));
  return {
    describeImages: (input, options) =>
      client.send(new DescribeImagesCommand(describing(input)), options),
    batchDeleteImage: ({ imageIds, ...input }, options) =>
      client.send(new BatchDeleteImageCommand({ ...input, imageIds: [...imageIds] }), options),
    batchGetImage: ({ imageIds, ...input }, options) =>
      client.send(
        new BatchGetImageCommand({
          ...input,
          imageIds: [...imageIds],
          acceptedMediaTypes: [...MANIFEST_TYPES],
        }),
        options,
      ),
    batchCheckLayerAvailability: ({ layerDigests, ...input }, options) =>
      client.send(
        new BatchCheckLayerAvailabilityCommand({ ...input, layerDigests: [...layerDigests] }),
        options,
      ),
    putImage: (input, options) => client.send(new PutImageCommand(input), options),
    describeRepositories: (input, options) =>
      client.send(new DescribeRepositoriesCommand(input), options),
    createRepository: (input, options) => client.send(new CreateRepositoryCommand(input), options),
    async getAuthorizationToken(options) {
      const { authorizationData } = await client.send(
        new GetAuthorizationTokenCommand({}),
        options,
      );
      return authorizationData?.[0];
    },
  };
}

/** `filter` is for whole listings; images that are named are answered with whatever their state is. */
function describing(input: DescribeImages): ConstructorParameters<typeof DescribeImagesCommand>[0] {
  const { registryId, repositoryName } = input;
  const common = { repositoryName, ...(registryId === undefined ? {} : { registryId }) };
  if (input.imageIds !== undefined) {
    const imageIds: ImageId[] = [...input.imageIds];
    return { ...common, imageIds };
  }
  const { maxResults, nextToken, untagged } = input;
  return {
    ...common,
    maxResults,
    ...(nextToken === undefined ? {} : { nextToken }),
    filter: { tagStatus: untagged ? "ANY" : "TAGGED", imageStatus: "ANY" },
  };
}
