import * as z from "zod";

/** Source: GitLab GraphQL reference, `ContainerRepositoryConnection`. */
const Repositories = z.object({
  containerRepositories: z
    .object({
      nodes: z.array(z.object({ id: z.string().min(1), path: z.string().min(1) })),
      pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() }),
    })
    .nullish(),
});

/** Projects by alias; `null` for one that is not there or may not be seen. */
export const ProjectsAnswer = z.record(z.string(), Repositories.nullable());

/** Source: GitLab GraphQL reference, `ContainerRepositoryDetails`, `ContainerRepositoryTag`. */
export const TagsAnswer = z.object({
  containerRepository: z
    .object({
      tagsCount: z.int().min(0).nullish(),
      tags: z
        .object({
          nodes: z.array(
            z.object({
              name: z.string().min(1),
              /** Absent while the registry has no manifest for the tag. */
              digest: z.string().nullish(),
              mediaType: z.string().nullish(),
              publishedAt: z.string().nullish(),
            }),
          ),
          pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() }),
        })
        .nullish(),
    })
    .nullable(),
});

export type ListedTag = NonNullable<
  NonNullable<z.infer<typeof TagsAnswer>["containerRepository"]>["tags"]
>["nodes"][number];

/** Source: GitLab GraphQL reference, `Mutation.destroyContainerRepositoryTags`. */
export const DestroyAnswer = z.object({
  destroyContainerRepositoryTags: z
    .object({ deletedTagNames: z.array(z.string()), errors: z.array(z.string()) })
    .nullable(),
});

/** The envelope of every GraphQL answer. Source: GraphQL specification, "Response". */
export const GraphqlAnswer = z.object({
  data: z.unknown().optional(),
  errors: z.array(z.object({ message: z.string() })).nullish(),
});

/** Source: GitLab docs, "Container registry API", list registry repositories. */
export const RepositoryPage = z.array(z.object({ id: z.int(), path: z.string().min(1) }));

/** Source: GitLab docs, "Users API", the current user. */
export const UserAnswer = z.object({ username: z.string().min(1) });
