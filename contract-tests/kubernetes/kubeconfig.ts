/** One context in the form of a kubeconfig; JSON is YAML. Plain HTTP needs the word that TLS is not checked. */
export function kubeconfigOf({
  context,
  namespace,
  url,
  token,
  caPem,
}: {
  readonly context: string;
  readonly namespace?: string;
  readonly url: string;
  readonly token: string;
  readonly caPem?: string;
}): string {
  const trust =
    caPem === undefined
      ? { "insecure-skip-tls-verify": true }
      : { "certificate-authority-data": Buffer.from(caPem).toString("base64") };
  const cluster = { server: url, ...trust };
  const place = namespace === undefined ? {} : { namespace };
  return `${JSON.stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      "current-context": context,
      clusters: [{ name: `${context}-cluster`, cluster }],
      users: [{ name: `${context}-user`, user: { token } }],
      contexts: [
        {
          name: context,
          context: { cluster: `${context}-cluster`, user: `${context}-user`, ...place },
        },
      ],
    },
    null,
    2,
  )}\n`;
}
