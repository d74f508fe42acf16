import assert from "node:assert/strict";
import { volumesLeft, type VolumesLeftInputs } from "../../../provider/kubernetes/handlers/volumes-left";
import { volumesOf, type Volume } from "../../../provider/kubernetes/volumes";
import { testContext } from "./context";
import { httpsServer, type HttpsServer } from "./https-server";

const driver = "ebs.csi.aws.com";
function volume(name: string, more: Partial<Volume["spec"]> = {}, phase = "Bound", metadata: object = {}): Volume {
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name, ...metadata },
    spec: {
      capacity: { storage: "20Gi" },
      persistentVolumeReclaimPolicy: "Delete",
      claimRef: { namespace: "default", name: `claim-${name}` },
      csi: { driver, volumeHandle: `vol-${name}` },
      ...more,
    },
    status: { phase },
  };
}

describe("volumes of a cluster that goes", () => {
  it("are those of the driver, and leave where it is deleting them", () => {
    const names = (volumes: readonly Volume[]) => volumes.map(({ metadata }) => metadata.name);
    const { leaving, staying } = volumesOf(driver, [
      volume("claimed"),
      volume("released", {}, "Released"),
      volume("kept", { persistentVolumeReclaimPolicy: "Retain" }, "Released"),
      volume("failed", {}, "Failed"),
      volume("marked", {}, "Failed", { deletionTimestamp: "2026-01-01T00:00:00Z" }),
      volume("shared", { csi: { driver: "efs.csi.aws.com", volumeHandle: "fs-1" } }),
      volume("path", { csi: undefined }),
    ]);
    assert.deepEqual(names(staying), ["claimed", "kept", "failed"]);
    assert.deepEqual(names(leaving), ["released", "marked"]);
  });

  describe("by an API server", () => {
    let server: HttpsServer;
    let looks: (Volume[] | number | (() => Volume[]))[];
    before(async () => {
      server = await httpsServer(({ url = "" }, response) => {
        const say = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body));
        if (url === "/api/v1")
          return say(200, { resources: [{ name: "persistentvolumes", kind: "PersistentVolume", namespaced: false }] });
        const next = looks.length > 1 ? looks.shift()! : looks[0]!;
        const look = typeof next === "function" ? next() : next;
        return typeof look === "number" ? say(look, { message: "overloaded" }) : say(200, { items: look });
      });
    });
    after(() => server.close());

    const inputs = (): VolumesLeftInputs => ({
      kubeconfig: server.kubeconfig,
      clusterName: "train",
      driver,
      hint: "aws ec2 delete-volume --volume-id <id>",
    });
    async function destroyed(...answers: (Volume[] | number)[]): Promise<string[]> {
      looks = answers;
      const context = testContext();
      await volumesLeft.delete("train", { inputs: inputs(), outputs: { status: "watched" } }, context);
      return context.said.filter((each) => each.startsWith("warn"));
    }

    it("are told by claim, size and the cloud's id, with how to be rid of them", async () => {
      assert.deepEqual(await destroyed([volume("a"), volume("b", { claimRef: undefined })]), [
        'warn: volumes of "train" stay, with what is in them, and are charged:\n' +
          "  vol-a (20Gi), which default/claim-a claims\n  vol-b (20Gi)\n" +
          "To be rid of one: aws ec2 delete-volume --volume-id <id>",
      ]);
      const many = Array.from({ length: 23 }, (_, index) => volume(`${index}`));
      assert.match((await destroyed(many))[0]!, /vol-19 [^\n]*\n {2}and 3 more\n/);
    });

    it("are not spoken of where there are none", async () => {
      assert.deepEqual(await destroyed([]), []);
    });

    it("are waited for while the driver deletes them, and while the API server stutters", async () => {
      const leaving = volume("a", {}, "Released");
      assert.deepEqual(await destroyed([leaving], 503, [leaving], []), []);
      assert.equal(looks.length, 1, "it looked until they had gone");
    });

    it("end with a time limit that the user gave, told as what they are", async () => {
      looks = [[volume("a", {}, "Released")]];
      const context = testContext({ timeoutMs: 300 });
      await volumesLeft.delete("train", { inputs: inputs(), outputs: { status: "watched" } }, context);
      assert.match(context.said.at(-1)!, /vol-a \(20Gi\), which default\/claim-a claims: its deletion has not ended\n/);
    });

    it("are waited for as long as the user said, for longer than else too", async () => {
      const now = Date.now;
      const later = () => ((Date.now = () => now() + 200_000), [volume("a", {}, "Released")]);
      looks = [[volume("a", {}, "Released")], later, []];
      const context = testContext({ timeoutMs: 600_000 });
      try {
        await volumesLeft.delete("train", { inputs: inputs(), outputs: { status: "watched" } }, context);
      } finally {
        Date.now = now;
      }
      assert.deepEqual(
        context.said.filter((each) => each.startsWith("warn")),
        [],
      );
    });

    it("hold nothing back where the cluster says nothing of them, which is told", async () => {
      looks = [403];
      const context = testContext({ timeoutMs: 300 });
      await volumesLeft.delete("train", { inputs: inputs(), outputs: { status: "watched" } }, context);
      assert.match(
        context.said.at(-1)!,
        /^warn: the volumes of "train" cannot be read: .*overloaded.* Whether volumes of "train" stay, .*--volume-id <id>$/,
      );
    });

    it("end with ^C", async () => {
      looks = [[volume("a", {}, "Released")]];
      const stop = new AbortController();
      const context = testContext({ signal: stop.signal });
      const deletion = volumesLeft.delete("train", { inputs: inputs(), outputs: { status: "watched" } }, context);
      stop.abort(new Error("interrupted"));
      await assert.rejects(Promise.resolve(deletion), /interrupted/);
    });
  });
});
