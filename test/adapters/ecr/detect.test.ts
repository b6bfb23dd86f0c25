import { describe, expect, it } from "vitest";
import {
  detectEcr,
  isPublicHost,
  parsePrivateHost,
  recogniseEcr,
} from "../../../adapters/ecr/detect.ts";

describe("a host of ECR", () => {
  it.each([
    ["123456789012.dkr.ecr.us-east-1.amazonaws.com", "us-east-1"],
    ["123456789012.dkr.ecr.us-east-1.amazonaws.com:443", "us-east-1"],
    ["123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"],
    ["123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", "cn-north-1"],
    ["123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"],
    ["123456789012.dkr-ecr.eu-west-1.on.aws", "eu-west-1"],
    ["123456789012.dkr-ecr-fips.us-east-1.on.aws", "us-east-1"],
    ["123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn", "cn-north-1"],
    ["123456789012.dkr-ecr.eusc-de-east-1.on.amazonwebservices.eu", "eusc-de-east-1"],
    ["123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1"],
    ["123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"],
    ["123456789012.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk", "eu-isoe-west-1"],
    ["123456789012.dkr.ecr.us-isof-south-1.csp.hci.ic.gov", "us-isof-south-1"],
    ["123456789012.dkr-ecr.us-iso-east-1.on.aws.ic.gov", "us-iso-east-1"],
    ["123456789012.dkr-ecr.us-isob-east-1.on.aws.scloud", "us-isob-east-1"],
    ["123456789012.dkr-ecr.eu-isoe-west-1.on.cloud-aws.adc-e.uk", "eu-isoe-west-1"],
    ["123456789012.dkr-ecr.us-isof-south-1.on.aws.hci.ic.gov", "us-isof-south-1"],
    ["123456789012.DKR.ECR.us-east-1.amazonaws.com", "us-east-1"],
  ])("%s tells its account and %s", (host, region) => {
    expect(detectEcr(host)).toBe(true);
    expect(parsePrivateHost(host)).toMatchObject({ account: "123456789012", region });
  });

  it("tells FIPS and dual stack", () => {
    const fips = parsePrivateHost("123456789012.dkr.ecr-fips.us-east-1.amazonaws.com");
    const dual = parsePrivateHost("123456789012.dkr-ecr.us-east-1.on.aws");

    expect(fips).toMatchObject({ isFips: true, isDualStack: false });
    expect(dual).toMatchObject({ isFips: false, isDualStack: true });
  });

  it.each(["public.ecr.aws", "ecr-public.aws.com", "public.ecr.aws:443"])(
    "%s is public",
    (host) => {
      expect(detectEcr(host)).toBe(true);
      expect(isPublicHost(host)).toBe(true);
      expect(parsePrivateHost(host)).toBeUndefined();
    },
  );

  it.each([
    "12345678901.dkr.ecr.us-east-1.amazonaws.com",
    "1234567890123.dkr.ecr.us-east-1.amazonaws.com",
    "123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.test",
    "123456789012.dkr.ecr.us-east-1.amazonaws.comx",
    "x.123456789012.dkr.ecr.us-east-1.amazonaws.com",
    "123456789012.dkrxecr.us-east-1.amazonaws.com",
    "123456789012.dkr.ecr..amazonaws.com",
    "123456789012.dkr.ecr.us-east-1.amazonawsxcom",
    "api.ecr.us-east-1.amazonaws.com",
    "public.ecr.aws.evil.test",
    "xpublic.ecr.aws",
    "publicxecr.aws",
    "ecr.aws",
    "ecr",
  ])("%s is none", (host) => {
    expect(detectEcr(host)).toBe(false);
  });
});

describe("a first answer", () => {
  it.each([
    ['Basic realm="https://registry.test/",service="ecr.amazonaws.com"', "sure"],
    ['Bearer realm="https://public.ecr.aws/token/",service="public.ecr.aws",scope="aws"', "sure"],
    ['Basic realm="https://ecr.amazonaws.com/"', undefined],
    ['Bearer realm="https://auth.test/",service="registry.test"', undefined],
  ])("%s is %s", (challenge, expected) => {
    const greeting = {
      protocol: "https:",
      status: 401,
      headers: {},
      challenges: [challenge],
    } as const;

    expect(recogniseEcr(greeting)).toBe(expected);
  });
});
