/** Who may call the service, and what a policy denies them. */
export interface AwsUser {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of temporary credentials. */
  readonly sessionToken?: string;
  readonly isExpired?: () => boolean;
  /** Actions, without their prefix: `BatchDeleteImage`. Default: none. */
  readonly denied?: readonly string[];
}

export const AWS_USER: AwsUser = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};
