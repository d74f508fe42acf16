/** A cluster's keys in SSM's parameter store under a key of KMS. Apart from the other clients: only who has keys to write loads it. */
import { DecryptCommand, EncryptCommand, KMSClient } from "@aws-sdk/client-kms";
import {
  AddTagsToResourceCommand,
  DeleteParametersCommand,
  GetParametersCommand,
  ListTagsForResourceCommand,
  PutParameterCommand,
  RemoveTagsFromResourceCommand,
  SSMClient,
  type PutParameterCommandInput,
} from "@aws-sdk/client-ssm";
import { ownerMark } from "../cloud/owner-mark";
import { always } from "./answer-shape";
import type { AwsClients } from "./clients";
import { describing } from "./describing";
import { isAwsError } from "./errors";
import { fromTagList, tagKeys, toTagList } from "./ownership";

const ResourceType = "Parameter";

export interface KeyStorePlace {
  /** What the parameters' names begin with. */
  readonly path: string;
  readonly kmsKeyId: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Which resource of which stack it is. */
  readonly owner: string;
}

export class KeyStore {
  private readonly ssm: SSMClient;
  private readonly kms: KMSClient;
  private readonly tags: Readonly<Record<string, string>>;

  constructor(
    { settings }: AwsClients,
    private readonly place: KeyStorePlace,
  ) {
    this.ssm = describing(new SSMClient(settings));
    this.kms = describing(new KMSClient(settings));
    this.tags = { ...place.tags, [tagKeys.owner]: ownerMark(place.owner) };
  }

  /** As KMS encrypts it, base64: at most 4096 bytes. */
  async seal(text: string, abortSignal: AbortSignal): Promise<string> {
    const Plaintext = Buffer.from(text);
    const command = new EncryptCommand({ KeyId: this.place.kmsKeyId, Plaintext, EncryptionContext: this.context });
    const { CiphertextBlob } = await this.kms.send(command, { abortSignal });
    return Buffer.from(always(CiphertextBlob)).toString("base64");
  }

  /** Whichever key it was sealed with: KMS sees that. */
  async open(sealed: string, abortSignal: AbortSignal): Promise<string> {
    const CiphertextBlob = Buffer.from(sealed, "base64");
    const command = new DecryptCommand({ CiphertextBlob, EncryptionContext: this.context });
    const { Plaintext } = await this.kms.send(command, { abortSignal });
    return Buffer.from(always(Plaintext)).toString("utf8");
  }

  /** Those of the parameters that somebody else made. */
  async foreign(names: readonly string[], abortSignal: AbortSignal): Promise<string[]> {
    const found: string[] = [];
    for (const ResourceId of (await this.versions(names, abortSignal)).keys()) {
      const command = new ListTagsForResourceCommand({ ResourceType, ResourceId });
      const { TagList } = await this.ssm.send(command, { abortSignal });
      if (fromTagList(TagList as never)[tagKeys.owner] !== this.tags[tagKeys.owner]) found.push(ResourceId);
    }
    return found;
  }

  /** By name; what does not exist is not there. Nothing is decrypted. */
  async versions(names: readonly string[], abortSignal: AbortSignal): Promise<ReadonlyMap<string, number>> {
    const { Parameters } = await this.ssm.send(new GetParametersCommand({ Names: [...names] }), { abortSignal });
    return new Map(always(Parameters).map(({ Name = "", Version = 0 }) => [Name, Version]));
  }

  /** Undefined where there is none. */
  async read(Name: string, abortSignal: AbortSignal): Promise<string | undefined> {
    const command = new GetParametersCommand({ Names: [Name], WithDecryption: true });
    return always((await this.ssm.send(command, { abortSignal })).Parameters)[0]?.Value;
  }

  /** Makes the parameter or writes over it; returns its version. */
  async write(
    Name: string,
    Value: string,
    formerTags: readonly string[],
    abortSignal: AbortSignal,
  ): Promise<number | undefined> {
    const Tags = toTagList(this.tags) as { Key: string; Value: string }[];
    const put = (rest: Partial<PutParameterCommandInput>) =>
      this.ssm.send(
        new PutParameterCommand({ Name, Value, Type: "SecureString", KeyId: this.place.kmsKeyId, ...rest }),
        { abortSignal },
      );
    try {
      return (await put({ Tags })).Version;
    } catch (error) {
      if (!isAwsError(error) || error.code !== "ParameterAlreadyExists") throw error;
    }
    const { Version } = await put({ Overwrite: true });
    await this.ssm.send(new AddTagsToResourceCommand({ ResourceType, ResourceId: Name, Tags }), { abortSignal });
    const TagKeys = formerTags.filter((key) => !(key in this.tags));
    if (TagKeys.length > 0) {
      const command = new RemoveTagsFromResourceCommand({ ResourceType, ResourceId: Name, TagKeys });
      await this.ssm.send(command, { abortSignal });
    }
    return Version;
  }

  /** Those that are gone already are no error. */
  async remove(names: readonly string[], abortSignal: AbortSignal): Promise<void> {
    await this.ssm.send(new DeleteParametersCommand({ Names: [...names] }), { abortSignal });
  }

  /** KMS opens it for nobody who does not say what it is. */
  private get context() {
    return { "gpu-clusters/keys-of": this.place.path };
  }
}
