/**
 * How a fake node shows that its machine is on.
 *
 * kwok plays the kubelet of each node that carries this label: it makes the node Ready, renews its lease and runs its pods. The machine sets
 * the label when it starts and takes it away when it goes off; then the lease is renewed no more and the node goes NotReady, as after a
 * real power cut. A label and not kwok's annotation, since kwok is told of a label that goes away (the selector is the API server's) but
 * never of an annotation. NodeRestriction lets a kubelet set it: the prefix is not kubernetes.io's.
 */
export const powerLabel = "simulator.gpu-clusters/power";
export const powerOn = "on";
