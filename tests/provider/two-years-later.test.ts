/**
 * What a cluster is made of, two years after: types and images are no longer offered, certificates have ended. `up` goes on with what is there
 * or says what to do, previews refuse nothing, and `destroy` leaves nothing.
 */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { provider } from "../../plugin/provider";
import { moveClock, yearMs } from "../moved-clock";
import { makeTemplate, region, startScene } from "./aws/scene";
import { home, never, simulatedCloud, vmInputs } from "./cudo/simulated-cloud";
import { publicKey, TestMithril } from "./mithril/cloud";
import { EngineResource, startPlugin, type Plugin } from "./server/harness";

const hour = 3_600_000;

describe("Two years later", () => {
  let back: (() => void) | undefined;
  afterEach(() => {
    back?.();
    back = undefined;
  });
  const twoYearsPass = () => (back = moveClock(2 * yearMs));

  type Inputs = Record<string, unknown>;
  /** As in one program: each is asked, compared and, where need be, changed. What it did, by name. */
  async function up(all: readonly (readonly [EngineResource, Inputs])[]): Promise<string[]> {
    const did: string[] = [];
    for (const [resource, inputs] of all) {
      assert.deepEqual((await resource.check(inputs)).failures, []);
      did.push(await resource.up(inputs));
    }
    return did;
  }
  const warned = ({ messages }: Plugin) => messages.map(({ message }) => message).join("\n");

  it("on Mithril: orders go on without their types, the reservation has ended, and all of it can be destroyed", async () => {
    const mithril = await TestMithril.start();
    const plugin = await startPlugin(provider, { config: mithril.config });
    const make = (type: string, name = type) => new EngineResource(plugin, `gpu-clusters:mithril:${type}`, name);
    try {
      const [place, instanceType] = ["us-central5-a", "h100-80gb.sxm.8x"];
      const key = make("SshKey");
      await key.up({ name: "c", publicKey: publicKey() });
      const sshKeys = [key.stored!.id];
      const cluster = make("Cluster");
      const clusterInputs = { name: "c", region: place, sshKeys, instanceType: "cpu.4x" };
      await cluster.up(clusterInputs);
      const start = new Date(Math.ceil(Date.now() / hour) * hour).toISOString();
      const end = new Date(Date.parse(start) + 24 * hour).toISOString();
      const names = { clusterId: cluster.stored!.id, clusterName: "c", region: place, instanceType, sshKeys };
      const sizes = { minSize: 1, maxSize: 1 };
      const program: (readonly [EngineResource, Inputs])[] = [
        [key, { name: "c", publicKey: publicKey() }],
        [cluster, clusterInputs],
        [make("Volume"), { name: "data", region: place, diskInterface: "File", sizeGb: 10 }],
        [make("SpotBid"), { name: "alone", region: place, instanceType, limitPrice: "$20.00", sshKeys }],
        [make("NodeGroup", "spot"), { ...names, ...sizes, name: "spot", capacity: { spot: { limitPrice: "$20" } } }],
        [make("NodeGroup", "held"), { ...names, ...sizes, name: "held", capacity: { reservation: { start, end } } }],
      ];
      await up(program);
      twoYearsPass();
      mithril.cloud.conditions.withdrawn = [instanceType, "cpu.4x"];
      // The catalogue of two years ago is out of date.
      for (const [resource] of program) await resource.refresh();
      assert.deepEqual(await up(program), ["same", "same", "same", "same", "same", "same"]);
      assert.match(warned(plugin), /instanceType: .*h100.* What is there goes on; no more of it can be made/);
      const fresh = await make("SpotBid", "fresh").check({ ...program[3]![1], name: "fresh" });
      assert.match(
        fresh.failures[0]!.reason,
        /there is no instance type "h100-80gb\.sxm\.8x"; offered in us-central5-a: /,
      );
      for (const [resource] of [...program].reverse()) await resource.destroy();
      const { bids, volumes } = mithril.cloud.state;
      assert.ok(Object.values(bids).every(({ status }) => status === "Terminated"));
      assert.ok(Object.values(volumes).every(({ deletedAt }) => deletedAt !== undefined));
    } finally {
      await plugin.stop();
      await mithril.close();
    }
  });

  it("on Cudo: machines go on without their type and image, the administrator's certificate is made anew, and all can be destroyed", async () => {
    const cloud = await simulatedCloud();
    const { plugin } = cloud;
    const make = (type: string) => new EngineResource(plugin, `gpu-clusters:${type}`);
    try {
      const certificates = make("kubernetes:ClusterCertificates");
      const [network, group, vm] = [make("cudo:Network"), make("cudo:SecurityGroup"), make("cudo:Vm")];
      const rules = [{ protocol: "PROTOCOL_TCP", ruleType: "RULE_TYPE_INBOUND", ports: "22" }];
      const program: (readonly [EngineResource, Inputs])[] = [
        [certificates, { clusterName: "c" }],
        [network, { networkId: "net", dataCenterId: home, ipRange: "10.0.0.0/16" }],
        [group, { securityGroupId: "sg", dataCenterId: home, rules }],
        [vm, { ...vmInputs, vmId: "control", startScript: "#!/bin/bash\ntrue" }],
      ];
      await up(program);
      const authority = certificates.stored!.state.values["caCertificate"];
      twoYearsPass();
      await cloud.simulator.setConditions("cudo", {
        withdrawn: { image: vmInputs.image, machineType: vmInputs.machineType },
      });
      for (const [resource] of program) await resource.refresh();
      assert.deepEqual(await up(program), ["update", "same", "same", "same"]);
      const { caCertificate, adminCertificate } = certificates.stored!.state.values as Record<string, string>;
      assert.equal(caCertificate, authority, "ten years");
      const { validFrom, validTo } = new X509Certificate(adminCertificate!);
      assert.ok(Date.parse(validFrom) <= Date.now() && Date.parse(validTo) > Date.now() + 80 * 24 * hour);
      assert.match(warned(plugin), /machineType: .*What is there goes on; no more of it can be made/);
      const fresh = await make("cudo:Vm").check({ ...program[3]![1], vmId: "fresh" });
      assert.deepEqual(fresh.failures.map(({ property }) => property).sort(), ["image", "machineType"]);
      for (const [resource] of [...program].reverse()) await resource.destroy();
      assert.deepEqual(await cloud.api.vms.list(never), []);
    } finally {
      await cloud.close();
    }
  });

  it("on AWS: zone, image and shape stay as they were chosen, the group goes on, and all can be destroyed", async () => {
    const scene = await startScene();
    const plugin = await startPlugin(provider, { config: { aws: { region, endpoint: scene.simulator.endpoint } } });
    const make = (type: string) => new EngineResource(plugin, `gpu-clusters:${type}`);
    try {
      const image = make("aws:ImageChoice");
      await image.up({ ubuntu: "22.04" });
      const ImageId = image.stored!.state.values["imageId"] as string;
      const launchTemplateId = await makeTemplate(scene, "old", { ImageId });
      const shape = { launchTemplateId, launchTemplateVersion: 1, subnetIds: [...scene.subnetIds] };
      const names = { clusterName: "alpha", name: "old", instanceTypes: ["m5.large"] };
      const program: (readonly [EngineResource, Inputs])[] = [
        [make("kubernetes:ClusterCertificates"), { clusterName: "alpha" }],
        [make("aws:ZoneChoice"), { count: 2 }],
        [image, { ubuntu: "22.04" }],
        [make("aws:InstanceTypeFacts"), { instanceTypes: ["m5.large"] }],
        [make("aws:NodeGroup"), { ...names, ...shape, minSize: 1, maxSize: 1 }],
      ];
      await up(program);
      twoYearsPass();
      await scene.simulator.changeImage(ImageId, "deregistered");
      await scene.simulator.setZones({ [`${region}a`]: "withdrawn" });
      for (const [resource] of program) await resource.refresh();
      assert.deepEqual(await up(program), ["update", "same", "same", "same", "same"]);
      assert.match(warned(plugin), /is gone: what runs goes on, and .* `image` must name another/);
      for (const [resource] of [...program].reverse()) await resource.destroy();
      const running = (await scene.simulator.state()).instances.filter(({ state }) => state === "running");
      assert.deepEqual(running, []);
    } finally {
      await plugin.stop();
      await scene.close();
    }
  });
});
