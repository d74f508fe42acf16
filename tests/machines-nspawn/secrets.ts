/** Looking for a cluster's secrets where they should not be. */

/**
 * What marks the secrets of a stack's decrypted state, each without line breaks: a line from the middle of each private key, and the
 * key for Secrets in etcd.
 */
export function secretsOf(state: string): string[] {
  const keys = state.matchAll(/-----BEGIN (?:EC |RSA )?PRIVATE KEY-----((?:\\+n|[A-Za-z0-9+/=])+)/g);
  const lines = [...keys].map(([, body]) => longest(body!.split(/\\+n/).slice(1)));
  const forSecrets = state.matchAll(/"(?:secretsEncryptionKey|encryptionKey)":[^}]*?([A-Za-z0-9+/]{43}=)/g);
  return [...new Set([...lines, ...[...forSecrets].map(([, key]) => key!)])].filter((line) => line.length >= 40);
}

function longest(lines: string[]): string {
  return lines.reduce((best, line) => (line.length > best.length ? line : best), "");
}

/**
 * A command for root: reads secrets, one a line, and as a user without rights looks for them in the machine's files and in the command lines
 * and environments of its processes. Prints where it finds one, then `searched`.
 */
export const readableSecrets = `
setpriv --reuid=65534 --regid=65534 --clear-groups bash -c '
  mapfile -t secrets
  search() { grep "$@" -sF -f <(printf "%s\\n" "\${secrets[@]}"); }
  search -rlaI --devices=skip --exclude-dir=containerd /etc /var /run /root /home /tmp /opt /srv
  for process in /proc/[0-9]*; do
    for what in cmdline environ; do
      tr "\\0" "\\n" 2>/dev/null <$process/$what | search -q && echo $process/$what
    done
  done 2>/dev/null
  echo searched
'`;
