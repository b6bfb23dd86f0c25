import * as z from "zod";

/** Source: go-containerregistry, `pkg/v1/google/list.go`; numbers are strings. */
const Manifest = z.object({
  mediaType: z.string().nullish(),
  tag: z.array(z.string()).nullish(),
  timeUploadedMs: z.union([z.string(), z.number()]).nullish(),
});

export const TagsPage = z.object({
  tags: z.array(z.string()).nullish(),
  child: z.array(z.string()).nullish(),
  /** By digest. Absent where a server in front of the registry answers in the plain form. */
  manifest: z.record(z.string(), Manifest).nullish(),
});

/** Source: Google Cloud docs, "Service account keys" and "Application Default Credentials". */
export const CredentialFile = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("service_account"),
    client_email: z.string().min(1),
    private_key: z.string().min(1),
    private_key_id: z.string().optional(),
    token_uri: z.string().min(1).default("https://oauth2.googleapis.com/token"),
  }),
  z.object({
    type: z.literal("authorized_user"),
    client_id: z.string().min(1),
    client_secret: z.string().min(1),
    refresh_token: z.string().min(1),
    token_uri: z.string().min(1).default("https://oauth2.googleapis.com/token"),
  }),
]);

export type CredentialFile = z.infer<typeof CredentialFile>;

/** Source: RFC 6749, 5.1; the metadata server answers in the same form. */
export const TokenAnswer = z.object({
  access_token: z.string().regex(/^[\x21-\x7e]+$/),
  expires_in: z.number().positive(),
});
