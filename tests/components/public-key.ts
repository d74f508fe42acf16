/** Keys as `ssh-keygen` made them: what is no key is refused. */
export const sshPublicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE me";
export const otherPublicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPe2SOKRLUewpB36X28JYGmwA+2PWwhdI3BulqQGprYq me";
