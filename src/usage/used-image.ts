/** An image that something runs or is about to run, with where that was found. */
export interface UsedImage {
  /** As it stands in the object: `reg.example/shop:1`, `shop@sha256:…`, a bare `sha256:…`. */
  readonly image: string;
  /** The name that the same container goes by, where `image` is a bare digest. */
  readonly of?: string;
  /** Name of the cluster: a context of the kube configuration. */
  readonly cluster: string;
  /** Empty for what lies in no namespace. */
  readonly namespace: string;
  /** Kind and name: `Deployment/web`. */
  readonly object: string;
  /** Name of the container; else the path of the field that has the image. */
  readonly container: string;
}
