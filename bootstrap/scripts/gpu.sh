# Where the document has GPUs, before scripts/node.sh.
gpus() { nvidia-smi -L | sed 's/ (UUID.*//' | grep . ; }

# Continues configure_containerd, with its $config and $ours.
configure_gpu() {
  if ! have nvidia-smi; then
    note "no NVIDIA driver here: the image or the GPU operator must bring it"
    return
  fi
  begin "NVIDIA driver"
  # It may answer a moment after the boot; where it does not, its own words say why.
  gpus || { sleep 10 && gpus; } || { sleep 20 && gpus; } || die "nvidia-smi finds no GPU that works: see above"
  begin "NVIDIA container runtime"
  # CDI, by which pods get GPUs, came with 1.7.
  [[ ! $(containerd --version) =~ \ v?1\.[0-6]\. ]] || die "this containerd gives pods no GPUs: 1.7 is needed"
  # Toolkits before 1.16 have no such hook, which the device plugin puts into its CDI specifications.
  if ! have nvidia-cdi-hook; then
    local source=${NVIDIA_PACKAGES:-https://nvidia.github.io/libnvidia-container}
    # shellcheck disable=SC2016
    repository nvidia-container-toolkit "$source/stable/deb/\$(ARCH)" "$source/gpgkey" /
    add_packages nvidia-container-toolkit
  fi
  # For those that ask for it (RuntimeClass `nvidia`). As the default, it would give all GPUs to every pod that sets NVIDIA_VISIBLE_DEVICES, and
  # many images do; pods get theirs by CDI, from the device plugin.
  sed -i 's/\( default_runtime_name = \).*/\1"runc"/' "$config"
  nvidia-ctk runtime configure --runtime=containerd --cdi.enabled --config="$config"
  # It writes the file anew, without comments.
  grep -qF "$ours" "$config" || sed -i "1i $ours" "$config"
  nvidia-ctk config --in-place --set accept-nvidia-visible-devices-envvar-when-unprivileged=false
}
