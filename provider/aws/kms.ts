/** What is used of KMS's client while the plugin runs, by name: imported then, a CommonJS package has in its bundle a default alone. */
export { DescribeKeyCommand, GetKeyPolicyCommand, KMSClient, paginateListGrants } from "@aws-sdk/client-kms";
