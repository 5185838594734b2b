/**
 * `[capture.xdp]`.
 */
import {
  type BackendOptions,
  absolutePath,
  type Decoded,
  fileMode,
  flag,
  key,
  oneOf,
  table,
  text
} from "@synprint/service/config"

export const XdpTable = table({
  hook: key("hook", oneOf("auto", "native", "generic", "tc", "cgroup"), "auto", {
    reload: "restart",
    text: "auto: native XDP on network cards, TC on virtual interfaces (veth, virtio, cloud). native and generic take the one XDP place of an interface, tc shares it. cgroup: SYNs to the listeners of a cgroup, after DNAT, by any interface."
  }),
  cgroup: key("cgroup", text, "", {
    reload: "restart",
    text: 'A cgroup (v2) directory, for hook = "cgroup".'
  }),
  pin: key("pin", absolutePath, "/sys/fs/bpf/synprint", {
    reload: "restart",
    text: "A directory in a bpf file system where the agent pins its maps and links, and front ends with attach = false read them."
  }),
  pinMode: key("pin_mode", fileMode, "0640", { reload: "restart", text: "Mode of the pinned maps." }),
  pinGroup: key("pin_group", text, "", {
    reload: "restart",
    text: 'Group of the pinned maps, by name or number; "" = that of the agent.'
  }),
  attach: key("attach", flag, true, {
    reload: "restart",
    text: "false: only read what `synprint agent` has pinned, which needs no capability."
  })
})

export type XdpConfig = Decoded<typeof XdpTable.keys>
export type XdpOptions = BackendOptions<XdpConfig>
