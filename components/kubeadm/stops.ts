/** What another size of a control plane means, where its machines are those that we boot. For the preview. */
export const stopsLoneMachine = "its machine stops for it, and Kubernetes' API is away for some minutes; pods go on";
