// Cluster API's core, kubeadm's bootstrap and control plane in one process: its own commands are three, whose webhooks listen on every address.
package main

import (
	"context"
	"flag"
	"log"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/sets"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/klog/v2"
	bootstrapv1beta1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta1"
	bootstrapv1 "sigs.k8s.io/cluster-api/api/bootstrap/kubeadm/v1beta2"
	controlplanev1beta1 "sigs.k8s.io/cluster-api/api/controlplane/kubeadm/v1beta1"
	controlplanev1 "sigs.k8s.io/cluster-api/api/controlplane/kubeadm/v1beta2"
	clusterv1beta1 "sigs.k8s.io/cluster-api/api/core/v1beta1"
	clusterv1 "sigs.k8s.io/cluster-api/api/core/v1beta2"
	"sigs.k8s.io/cluster-api/bootstrap/kubeadm/reconcilers/kubeadmconfig"
	bootstrapadmission "sigs.k8s.io/cluster-api/bootstrap/kubeadm/webhooks/admission"
	"sigs.k8s.io/cluster-api/controllers/clustercache"
	"sigs.k8s.io/cluster-api/controlplane/kubeadm/reconcilers/kubeadmcontrolplane"
	controlplaneadmission "sigs.k8s.io/cluster-api/controlplane/kubeadm/webhooks/admission"
	"sigs.k8s.io/cluster-api/core/reconcilers/cluster"
	"sigs.k8s.io/cluster-api/core/reconcilers/machine"
	"sigs.k8s.io/cluster-api/core/reconcilers/machinedeployment"
	"sigs.k8s.io/cluster-api/core/reconcilers/machineset"
	"sigs.k8s.io/cluster-api/core/setup"
	coreadmission "sigs.k8s.io/cluster-api/core/webhooks/admission"
	"sigs.k8s.io/cluster-api/util/index"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
)

const name = "cluster-api"

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	port := flag.Int("webhook-port", 0, "on loopback")
	certificates := flag.String("webhook-cert-dir", "", "folder with tls.crt and tls.key")
	flag.Parse()
	ctrl.SetLogger(klog.Background())
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		clientgoscheme.AddToScheme, apiextensionsv1.AddToScheme,
		clusterv1.AddToScheme, bootstrapv1.AddToScheme, controlplanev1.AddToScheme,
		clusterv1beta1.AddToScheme, bootstrapv1beta1.AddToScheme, controlplanev1beta1.AddToScheme,
	} {
		must(add(scheme))
	}
	manager, err := ctrl.NewManager(ctrl.GetConfigOrDie(), ctrl.Options{
		Scheme:                 scheme,
		HealthProbeBindAddress: "0",
		Metrics:                server.Options{BindAddress: "0"},
		// Without the core's own for Secrets, which drops the content of what the others want.
		Client:        setup.ManagerClientOptions(),
		WebhookServer: webhook.NewServer(webhook.Options{Host: "127.0.0.1", Port: *port, CertDir: *certificates}),
	})
	must(err)
	ctx := ctrl.SetupSignalHandler()
	must(index.AddDefaultIndexes(ctx, manager))
	reader := addReconcilers(ctx, manager)
	for _, hook := range []interface{ SetupWebhookWithManager(ctrl.Manager) error }{
		&coreadmission.Cluster{Client: manager.GetClient(), ClusterCacheReader: reader},
		&coreadmission.Machine{}, &coreadmission.MachineSet{}, &coreadmission.MachineDeployment{},
		&bootstrapadmission.KubeadmConfig{}, &bootstrapadmission.KubeadmConfigTemplate{},
		&controlplaneadmission.KubeadmControlPlane{},
	} {
		must(hook.SetupWebhookWithManager(manager))
	}
	must(manager.Start(ctx))
}

func addReconcilers(ctx context.Context, manager ctrl.Manager) clustercache.ClusterCache {
	own := manager.GetClient()
	secrets, err := setup.CreateSecretCachingClient(manager)
	must(err)
	options := controller.Options{MaxConcurrentReconciles: 4}
	cache, err := clustercache.SetupWithManager(ctx, manager, clustercache.Options{
		SecretClient: secrets, Cache: setup.ClusterCacheCacheOptions(), Client: setup.ClusterCacheClientOptions(name, 100, 100),
	}, options)
	must(err)
	const grace = 5 * time.Minute
	for _, each := range []interface {
		SetupWithManager(context.Context, ctrl.Manager, controller.Options) error
	}{
		&cluster.Reconciler{Client: own, APIReader: manager.GetAPIReader(), ClusterCache: cache, RemoteConnectionGracePeriod: time.Minute},
		&machine.Reconciler{Client: own, APIReader: manager.GetAPIReader(), ClusterCache: cache, RemoteConditionsGracePeriod: grace},
		&machineset.Reconciler{
			Client: own, APIReader: manager.GetAPIReader(), ClusterCache: cache,
			PreflightChecks: sets.New(clusterv1.MachineSetPreflightCheckAll),
		},
		&machinedeployment.Reconciler{Client: own, APIReader: manager.GetAPIReader()},
		&kubeadmconfig.Reconciler{
			Client: own, SecretCachingClient: secrets, APIReader: manager.GetAPIReader(), ClusterCache: cache, TokenTTL: 15 * time.Minute,
		},
		&kubeadmcontrolplane.Reconciler{
			Client: own, APIReader: manager.GetAPIReader(), SecretCachingClient: secrets, ClusterCache: cache,
			EtcdDialTimeout: time.Second, EtcdCallTimeout: time.Second, RemoteConditionsGracePeriod: grace,
		},
	} {
		must(each.SetupWithManager(ctx, manager, options))
	}
	return cache
}
