import { renderKubeconfig } from "../../sdk/kubernetes/kubeconfig";

export interface ExecKubeconfigParts {
  clusterName: string;
  endpoint: string;
  certificateAuthority: string;
  /** ARN of the parameter with the administrator's ExecCredential. */
  parameterArn: string;
}

/** A kubeconfig without credentials: AWS's command line reads them from SSM, for whoever IAM lets read the parameter. Pure. */
export function execKubeconfig({ parameterArn, ...parts }: ExecKubeconfigParts): string {
  const [, , , region = "", , resource = ""] = parameterArn.split(":");
  const args = ["ssm", "get-parameter", "--region", region, "--name", resource.replace(/^parameter/, "")];
  return renderKubeconfig({
    ...parts,
    credentials: {
      exec: {
        command: "aws",
        args: [...args, "--with-decryption", "--query", "Parameter.Value", "--output", "text"],
        installHint: "The AWS CLI reads the administrator's certificate: https://aws.amazon.com/cli/",
      },
    },
  });
}
