/** An error in the service's own format: `{"__type", "message"}`. */
export class AwsError extends Error {
  override readonly name = "AwsError";
  readonly type: string;
  readonly status: number;
  /** Further members of the body. */
  readonly more: object;

  constructor(type: string, message: string, { status = 400, more = {} } = {}) {
    super(message);
    this.type = type;
    this.status = status;
    this.more = more;
  }
}

export function invalidParameter(message: string): AwsError {
  return new AwsError("InvalidParameterException", `Invalid parameter at ${message}`);
}
