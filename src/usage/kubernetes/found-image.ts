/** An image in an object. */
export interface FoundImage {
  /** As it stands there. */
  readonly image: string;
  /** The name that the same container goes by, where `image` is a bare digest. */
  readonly of?: string;
  /** Name of the container; else the path of the field. */
  readonly container: string;
}
