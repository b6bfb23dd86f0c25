import type { AwsIdentitySource } from "./credentials.ts";
import type { RequestHandler } from "./request-handler.ts";

/** The actions of the API we use, as both SDKs have them; one attempt each. */
export interface Operations {
  describeImages(input: DescribeImages, options: SendOptions): Promise<ImagesAnswer>;
  batchDeleteImage(input: Images, options: SendOptions): Promise<BatchAnswer>;
  /** Absent: the service has no such action. */
  readonly batchGetImage?: (input: Images, options: SendOptions) => Promise<BatchAnswer>;
  /** Absent, with the next two: the service's own actions copy nothing here. */
  readonly batchCheckLayerAvailability?: (
    input: Layers,
    options: SendOptions,
  ) => Promise<LayersAnswer>;
  readonly putImage?: (input: ImageInput, options: SendOptions) => Promise<ImageAnswer>;
  describeRepositories(input: RepositoriesPage, options: SendOptions): Promise<RepositoriesAnswer>;
  createRepository(input: RepositoryInput, options: SendOptions): Promise<unknown>;
  getAuthorizationToken(options: SendOptions): Promise<AuthorizationAnswer | undefined>;
  /** Registries of the caller's account with their names in addresses. Absent: the host's name says whose it is. */
  readonly describeRegistries?: (input: Page, options: SendOptions) => Promise<RegistriesAnswer>;
}

export interface OperationsSettings {
  readonly region: string;
  /** Absent: where the region's API is. */
  readonly endpoint?: string;
  readonly isFips: boolean;
  readonly isDualStack: boolean;
  readonly credentials: AwsIdentitySource;
  readonly requestHandler: RequestHandler;
}

/** For both SDK clients. Their retries are off: whoever calls retries, with a new signature. */
export function clientConfig(settings: OperationsSettings): {
  readonly region: string;
  readonly endpoint?: string;
  readonly useFipsEndpoint: boolean;
  readonly useDualstackEndpoint: boolean;
  readonly credentials: AwsIdentitySource;
  readonly requestHandler: { readonly [name in keyof RequestHandler]: unknown };
  readonly maxAttempts: number;
  readonly retryMode: string;
  readonly defaultsMode: "standard";
} {
  const { region, endpoint, isFips, isDualStack, credentials, requestHandler } = settings;
  return {
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    useFipsEndpoint: isFips,
    useDualstackEndpoint: isDualStack,
    credentials,
    requestHandler,
    maxAttempts: 1,
    retryMode: "standard",
    defaultsMode: "standard",
  };
}

export interface SendOptions {
  readonly abortSignal?: AbortSignal;
}

/** A tag or a digest, never both: given both, it is open whether sibling tags stay. */
export type ImageId =
  | { readonly imageTag: string; readonly imageDigest?: never }
  | { readonly imageDigest: string; readonly imageTag?: never };

export interface RepositoryInput {
  /** Absent: the caller's own. */
  readonly registryId?: string;
  readonly repositoryName: string;
}

export interface Images extends RepositoryInput {
  readonly imageIds: readonly ImageId[];
}

export interface Layers extends RepositoryInput {
  readonly layerDigests: readonly string[];
}

export interface ImageInput extends RepositoryInput {
  readonly imageManifest: string;
  readonly imageManifestMediaType: string;
  readonly imageDigest: string;
  /** Absent: the image gets no tag. */
  readonly imageTag?: string;
}

export interface Page {
  readonly maxResults: number;
  readonly nextToken?: string;
}

export type DescribeImages = RepositoryInput &
  /** `untagged`: whether the listing has images without a tag too. */
  (
    | (Page & { readonly imageIds?: never; readonly untagged: boolean })
    | { readonly imageIds: readonly ImageId[]; readonly untagged?: never }
  );

export interface RepositoriesPage extends Page {
  readonly registryId?: string;
}

export interface ImagesAnswer {
  readonly imageDetails?: readonly ImageDetail[] | undefined;
  readonly nextToken?: string | undefined;
}

export interface ImageDetail {
  readonly imageDigest?: string | undefined;
  readonly imageTags?: readonly string[] | undefined;
  readonly imageManifestMediaType?: string | undefined;
  readonly imagePushedAt?: Date | undefined;
  /** `ACTIVE`, `ARCHIVED` or `ACTIVATING`. Absent: the service has no such states. */
  readonly imageStatus?: string | undefined;
}

/** Of a deletion `imageIds` are those that are gone, of a read `images` are those that are there. */
export interface BatchAnswer {
  readonly imageIds?: readonly AnsweredId[] | undefined;
  readonly images?: readonly AnsweredImage[] | undefined;
  readonly failures?: readonly Failure[] | undefined;
}

export interface AnsweredImage {
  readonly imageId?: AnsweredId | undefined;
  /** As it was pushed. */
  readonly imageManifest?: string | undefined;
  readonly imageManifestMediaType?: string | undefined;
}

export interface ImageAnswer {
  readonly image?: AnsweredImage | undefined;
}

export interface LayersAnswer {
  readonly layers?:
    | readonly {
        readonly layerDigest?: string | undefined;
        /** `AVAILABLE`, `UNAVAILABLE` or `ARCHIVED`. */
        readonly layerAvailability?: string | undefined;
      }[]
    | undefined;
}

interface AnsweredId {
  readonly imageDigest?: string | undefined;
  readonly imageTag?: string | undefined;
}

export interface Failure {
  readonly imageId?: AnsweredId | undefined;
  readonly failureCode?: string | undefined;
  readonly failureReason?: string | undefined;
}

export interface RepositoriesAnswer {
  readonly repositories?: readonly { readonly repositoryName?: string | undefined }[] | undefined;
  readonly nextToken?: string | undefined;
}

export interface AuthorizationAnswer {
  readonly authorizationToken?: string | undefined;
  readonly expiresAt?: Date | undefined;
}

export interface RegistriesAnswer {
  readonly registries?: readonly RegistryDetail[] | undefined;
  readonly nextToken?: string | undefined;
}

export interface RegistryDetail {
  readonly registryId?: string | undefined;
  readonly aliases?:
    | readonly {
        readonly name?: string | undefined;
        readonly primaryRegistryAlias?: boolean | undefined;
      }[]
    | undefined;
}
