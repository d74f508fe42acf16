# After scripts/node.sh, where Vault has the rest of the start script: disk.sh has put it on the encrypted disk, which kubelet waits for at later boots.
exec bash "$state/volume/start"
