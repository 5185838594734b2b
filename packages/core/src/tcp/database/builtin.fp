; synprint's own signature database: the grammar of p0f.fp with a few additions, which p0f itself does not read and which are
; errors with mode = "p0f". One file because one table: a SYN meets the first line that fits, whatever its section here.
;
;   wsize  mss*max       the largest multiple of the MSS that is not above 64 KiB: floor(65536 / MSS) * MSS, at most 65535.
;                        Linux since 4.20 and Windows 10/11 choose it from the MTU of their own interface.
;                        In [tcp:response] of the MSS less 12 where the packet has timestamps.
;          mss*max<=N    the same, not above N bytes: half of a Linux receive buffer that is smaller than 128 KiB
;          mss*clamped   mss*max of a usual interface (Ethernet, PPPoE, jumbo frames) whose MSS is above the one the SYN announces:
;                        something on the way lowered it
;          mss*N/ws      N times the MSS rounded down to what the window scale can express, where that loses something: gVisor
;   olen   *             any IP options
;   olayout  ts~         a timestamp option that a middlebox has overwritten with NOPs or removed: stands for a line of each kind, with
;                        the attribute middlebox=timestamps
;   quirks   ecn?        a quirk followed by ? may be there or not, and neither makes the match fuzzy
;            seq=dst     the sequence number is the destination's IPv4 address
;   ;@ ...    facts about the line below it (before a label: about every line of that label):
;               evidence   measured     seen here on the named system
;                          field        seen in captures or logs whose User-Agent or device says what it is
;                          source       read in the source code of the stack or tool
;                          documented   said by the vendor or a standard
;                          derived      arithmetic on one of the above
;               source     where the evidence lies; date its month; note what it does not show
;               example    a SYN that the line answers for, as a raw signature with the window as a number: for evidence=measured and
;                          field one that was seen
;               family     what kinds of system the line can stand for, where name and class do not say it: windows linux android
;                          chromeos apple bsd console embedded user-space scanner other
;               clock=yes  the timestamps of this stack are one clock per host: uptime may be told from them
;
; Every line was written from measurements and sources, none from another database. Names are those of p0f (Mac OS X and not
; macOS), so that p0f.fp can be loaded beside this file: p0f compares names when it looks for two systems behind one address.
; A label claims no more than the evidence separates; names and flavors stay below 32 bytes, the width of p0f's API fields.
; Not here, since nothing labelled was seen: PlayStation, Xbox (its reported window 65518 is that of many Windows hosts), smart TVs,
; Solaris, and routers of Cisco, Juniper and MikroTik.

classes = win,unix,other

; MTU = MSS + 40 (IPv4) or + 60 (IPv6). Many links share a value: every line with it is a candidate, weighed against the others. What
; the attributes mean beside evidence:
;   kind      what sort of link (link-facts.ts has the list)
;   origin    interface: the sender's own interface has the MTU; clamped: something on the way lowers the MSS; else either
;   weight    how common it is among senders that show the MTU, against 4 parts of the undocumented, 20 where it is a
;             round number, 2 where something lowered it to an odd one
;   ver       over IPv4 or IPv6 only
;   family    stacks that can have it
; OpenVPN's and WireGuard's many values are not listed: openvpn.ts and wireguard.ts compute them from options and outer MTUs.

[mtu]

;@ kind=ethernet; weight=1000
;@ evidence=measured; source=veth, IPv4 MSS 1460, IPv6 MSS 1440; date=2026-11
label = Ethernet
sig   = 1500

;@ kind=openvpn; origin=interface; weight=3
;@ evidence=measured; source=OpenVPN 2.6.14 with mssfix 0; date=2026-11; note=the MSS is left alone, so that nothing tells it from Ethernet
label = OpenVPN 2.4-2.6 UDP/TCP
sig   = 1500

;@ kind=vlan; weight=10
;@ evidence=derived; source=1500 less 4 of a VLAN tag
label = 802.1Q
sig   = 1496

;@ kind=pppoe; weight=80
;@ evidence=documented; source=RFC 2516; note=also routers that clamp the MSS to 1452
label = PPPoE
sig   = 1492

;@ kind=6in4; weight=15; ver=6
;@ evidence=documented; source=RFC 4213 section 3.2; note=1500 less 20, tunnel brokers
label = 6in4
sig   = 1480

;@ kind=6rd; weight=15; ver=6
;@ evidence=documented; source=RFC 5969 section 9.1
label = 6rd
sig   = 1480

;@ kind=ipip; weight=5; ver=4
;@ evidence=derived; source=1500 less 20 of IPv4
label = IPIP
sig   = 1480

;@ kind=nat64; origin=interface; weight=25; ver=4
;@ evidence=derived; source=MSS 1440 of an IPv6 Ethernet, translated; note=a host on IPIP has the same window
label = NAT64
sig   = 1480

;@ kind=firewall; origin=clamped; weight=15; ver=4
;@ evidence=field; source=MSS 1440 in zardaxt, 51 of 866 fingerprints; date=2025-11
label = ISP clamp
sig   = 1480

;@ kind=gre; weight=20
;@ evidence=derived; source=1500 less 24 of GRE over IPv4
label = GRE
sig   = 1476

;@ kind=cloud; origin=interface; weight=40; family=linux windows bsd user-space other
;@ evidence=documented; source=Google VPC documentation, MTU
label = Google Cloud
sig   = 1460

;@ kind=ds-lite; origin=clamped; weight=40; ver=4
;@ evidence=documented; source=RFC 6333 section 5.3; note=1500 less 40 of IPv6, the AFTR rewrites the MSS, MAP-E likewise
label = DS-Lite
sig   = 1460

;@ kind=ppp-vpn; weight=4
;@ evidence=derived; source=1500 less 40 of PPTP or L2TP over IPv4
label = PPTP or L2TP
sig   = 1460

;@ kind=ds-lite; weight=5; ver=6
;@ evidence=derived; source=1500 less 40 of IPv6 over IPv6
label = IPv6 in IPv6
sig   = 1460

;@ kind=pppoe; weight=40
;@ evidence=field; source=MSS 1414 in zardaxt, 10 of 866 fingerprints; date=2025-11
label = NTT FLET'S PPPoE
sig   = 1454

;@ kind=pppoe; weight=40
;@ evidence=field; source=MSS 1412 in zardaxt, 63 of 866 fingerprints; date=2025-11; note=1492 less 40 of an IPv6 header, and DSL routers that clamp
label = PPPoE with tunnel
sig   = 1452

;@ kind=overlay; origin=interface; weight=25; family=linux user-space
;@ evidence=documented; source=Calico and Cilium documentation; note=1500 less 50
label = VXLAN overlay
sig   = 1450

;@ kind=cloud; origin=interface; weight=8; family=linux windows bsd user-space other
;@ evidence=documented; source=kube-hetzner discussion 1350
label = Hetzner Cloud network
sig   = 1450

;@ kind=wireguard; origin=interface; weight=20
;@ evidence=documented; source=Calico documentation, 1500 less 60 over IPv4
label = WireGuard
sig   = 1440

;@ kind=mobile; weight=30
;@ evidence=field; source=MSS 1400 in zardaxt, 97 of 866 fingerprints, most of phones; date=2025-11
label = mobile
sig   = 1440

;@ kind=mobile; weight=25
;@ evidence=documented; source=AT&T device documentation, 1342 FirstNet
label = AT&T mobile
sig   = 1430
sig   = 1342

;@ kind=mobile; weight=25
;@ evidence=documented; source=KORE Wireless documentation
label = Verizon mobile
sig   = 1428

;@ kind=wireguard; origin=interface; weight=55
;@ evidence=measured; source=wireguard-go 0.0.20220316, MSS 1380 and 1360; date=2026-11; note=also the default of wg-quick, 1500 less 80
label = WireGuard
sig   = 1420

;@ kind=mobile; weight=25
;@ evidence=documented; source=KORE Wireless and Simplex Wireless documentation; note=up to 1500
label = T-Mobile US
sig   = 1420

;@ kind=firewall; origin=clamped; weight=30; ver=4
;@ evidence=documented; source=Cisco ASA documentation, sysopt connection tcpmss 1380
label = Cisco ASA clamp
sig   = 1420

;@ kind=ipsec; weight=8
;@ evidence=documented; source=Cohesive VNS3 documentation, about 1420
label = IPsec
sig   = 1420

;@ kind=firewall; origin=clamped; weight=10; ver=6
;@ evidence=documented; source=Cisco ASA documentation, sysopt connection tcpmss 1380
label = Cisco ASA clamp
sig   = 1440

;@ kind=ppp-vpn; origin=interface; weight=30; family=windows
;@ evidence=documented; source=KB826159; note=TunnelMTU of RAS: PPTP, L2TP, SSTP, IKEv2
label = Windows VPN
sig   = 1400

;@ kind=mobile; weight=30
;@ evidence=documented; source=KORE Wireless documentation, international cellular
label = mobile
sig   = 1400

;@ kind=ipsec; weight=10
;@ evidence=documented; source=Netgate TNSR documentation, IPsec interface MTU
label = IPsec
sig   = 1400

;@ kind=overlay; origin=interface; weight=5; family=linux user-space
;@ evidence=documented; source=kube-hetzner discussion 1350; note=1450 less 80
label = flannel WireGuard
sig   = 1370

;@ kind=masque; origin=interface; weight=8
;@ evidence=documented; source=masque-vpn wiki, MTU testing
label = MASQUE
sig   = 1369

;@ kind=mobile; weight=10
;@ evidence=field; source=zardaxt, 5 to 55 of 866 fingerprints each, most of phones; date=2025-11; note=the carrier's or a VPN of the phone
label = mobile
sig   = 1460
sig   = 1450
sig   = 1410
sig   = 1396
sig   = 1390
sig   = 1340
sig   = 1290
sig   = 1240

;@ kind=mobile; weight=15
;@ evidence=documented; source=3GPP TS 23.501 Annex J
label = mobile (3GPP)
sig   = 1358

;@ kind=overlay; origin=interface; weight=8; family=linux user-space
;@ evidence=documented; source=Calico documentation, the value that is safe everywhere
label = Calico WireGuard
sig   = 1320

;@ kind=ipsec; origin=interface; weight=12; family=windows
;@ evidence=documented; source=Cisco OL-5450-10
label = Cisco VPN Client
sig   = 1300

;@ kind=wireguard; origin=interface; weight=25
;@ evidence=source; source=wireguard-android GoBackend.java; date=2026-08; note=when the profile sets none
label = WireGuard
sig   = 1280

;@ kind=wireguard; origin=interface; weight=30
;@ evidence=documented; source=tailscale issues 16017, 3836 and 246
label = Tailscale
sig   = 1280

;@ kind=wireguard; origin=interface; weight=25
;@ evidence=documented; source=wgcf profile, usque discussion 76; note=WireGuard or MASQUE
label = Cloudflare WARP
sig   = 1280

;@ kind=minimum; weight=25
;@ evidence=documented; source=RFC 8200 section 5; note=6rd, Teredo and cautious tunnels
label = IPv6 minimum
sig   = 1280

;@ kind=vpn; origin=interface; weight=5
;@ evidence=documented; source=edgevpn discussion 164
label = edgevpn
sig   = 1200

;@ kind=minimum; weight=20; ver=4
;@ evidence=documented; source=RFC 9293 section 3.7.1
label = IPv4 default
sig   = 576

;@ kind=zerotier; origin=interface; weight=30
;@ evidence=documented; source=ZeroTierOne issue 975
label = ZeroTier
sig   = 2800

;@ kind=cloud; weight=30
;@ evidence=documented; source=AWS Transit Gateway documentation
label = AWS transit gateway
sig   = 8500

;@ kind=cloud; origin=interface; weight=40
;@ evidence=documented; source=Google VPC documentation, MTU
label = Google Cloud jumbo
sig   = 8896

;@ kind=jumbo; weight=100
;@ evidence=documented; source=Oracle Cloud documentation; note=the usual jumbo frame
label = jumbo Ethernet
sig   = 9000

;@ kind=cloud; origin=interface; weight=100
;@ evidence=field; source=MSS 8961 in captures of EC2 hosts; date=2025-11
label = AWS EC2 jumbo
sig   = 9001

;@ kind=loopback; origin=interface; weight=100
;@ evidence=field; source=MSS 16344 and 16324 of curl and Safari on macOS
label = loopback (macOS or BSD)
sig   = 16384

;@ kind=loopback; origin=interface; weight=100
;@ evidence=field; source=MSS 16396 of a Linux 2.6 host
label = loopback (old Linux)
sig   = 16436

; MSS 65495, the most a Linux host announces over IPv4; over IPv6 65476, whose MTU 65536 lies outside p0f's grammar.
;@ kind=loopback; origin=interface; weight=100
;@ evidence=measured; source=Linux 6.18.44 lo; date=2026-11
label = loopback (Linux)
sig   = 65535

[tcp:request]

; Linux. The order of the options never changes: mss,sok,ts,nop,ws with what is switched off replaced by nop. The window tells
; the era, the scale only the size of the receive buffer. ECN is a sysctl, IP options and data belong to the application.

; First windows of old kernels on jumbo frames and loopback. They stand before newer kernels, whose small buffers can give the same.
;@ evidence=field; source=UA-labelled captures of ELinks, nping captures; note=loopback, bounds by kernel history
label = s:unix:Linux:2.4 to 2.6.38
;@ example=4:64:0:16396:32767,2:mss,sok,ts,nop,ws:df,id+:0
sig   = 4:64:0:16396:32767,*:mss,sok,ts,nop,ws:df,id+,ecn?:0
;@ example=4:64+0:0:16396:32792,7:mss,sok,ts,nop,ws:df,id+:0
sig   = 4:64:0:16396:32792,*:mss,sok,ts,nop,ws:df,id+,ecn?:0

;@ evidence=derived; source=3 * 8961 of EC2, one seen with TTL 254; note=6.6 to 6.9 send the same
label = s:unix:Linux:3.11 to 4.19 or 6.6 to 6.9
;@ example=4:64:0:1400:26883,7:mss,sok,ts,nop,ws:df,id+:0
sig   = *:64:0:*:26883,*:mss,sok,ts,nop,ws:df,id+,ecn?:0
;@ evidence=derived; note=jumbo frames of 9000 bytes
;@ example=4:64:0:8960:26880,7:mss,sok,ts,nop,ws:df,id+:0
sig   = *:64:0:8960:26880,*:mss,sok,ts,nop,ws:df,id+,ecn?:0

; The one MSS of a phone whose largest multiple is 65535: 51 * 1285.
;@ evidence=derived; source=zardaxt, 216 of 299 Android fingerprints; date=2025-11
label = s:unix:Linux:or Android
;@ example=4:64:0:1285:65535,9:mss,sok,ts,nop,ws:df,id+:0
sig   = *:64:*:1285:65535,*:mss,sok,ts,nop,ws:df,id+,ecn?:0

;@ evidence=measured; source=Linux 6.18.44, 106 MTUs, IPv4 and IPv6; date=2026-11; note=4.20 by kernel history
label = s:unix:Linux:4.20 or newer
;@ example=4:64+0:0:1380:64860,7:mss,sok,ts,nop,ws:df,id+:0 6:64+0:0:1360:65280,7:mss,sok,ts,nop,ws:flow:0
sig   = *:64:*:*:mss*max,*:mss,sok,ts,nop,ws:df,id+,ecn?:0
;@ note=OpenVPN mssfix, PPPoE and carrier clamps
;@ example=4:64+0:0:1350:64240,7:mss,sok,ts,nop,ws:df,id+:0 6:64+0:0:1330:64800,7:mss,sok,ts,nop,ws:flow:0
sig   = *:64:*:*:mss*clamped,*:mss,sok,ts,nop,ws:df,id+,ecn?:0
;@ note=tcp_rmem[1]=87380, the default before 4.20: floor(43690 / MSS) * MSS
;@ example=4:64+0:0:1460:42340,7:mss,sok,ts,nop,ws:df,id+:0
sig   = *:64:*:*:mss*max<=43690,*:mss,sok,ts,nop,ws:df,id+,ecn?:0
;@ evidence=field; source=zardaxt, Android, 34 of 2262 fingerprints; note=29 * 1460: the same, the MSS was lowered on the way
;@ example=4:64:0:1400:42340,6:mss,sok,ts,nop,ws:df,id+:0
sig   = *:64:*:*:42340,*:mss,sok,ts,nop,ws:df,id+,ecn?:0
;@ note=tcp_timestamps=0
;@ example=4:64+0:0:1460:64240,7:mss,nop,nop,sok,nop,ws:df,id+:0 6:64+0:0:1440:64800,7:mss,nop,nop,sok,nop,ws:flow:0
sig   = *:64:*:*:mss*max,*:mss,nop,nop,sok,nop,ws:df,id+,ecn?:0
;@ evidence=derived; note=tcp_timestamps=0, the MSS was lowered on the way
;@ example=4:64:0:1400:64240,7:mss,nop,nop,sok,nop,ws:df,id+:0
sig   = *:64:*:*:mss*clamped,*:mss,nop,nop,sok,nop,ws:df,id+,ecn?:0
;@ note=tcp_sack=0
;@ example=4:64+0:0:1460:64240,7:mss,nop,nop,ts,nop,ws:df,id+:0 6:64+0:0:1440:64800,7:mss,nop,nop,ts,nop,ws:flow:0
sig   = *:64:*:*:mss*max,*:mss,nop,nop,ts,nop,ws:df,id+,ecn?:0
;@ note=tcp_window_scaling=0
;@ example=4:64+0:0:1460:64240,0:mss,sok,ts:df,id+:0 6:64+0:0:1440:64800,0:mss,sok,ts:flow:0
sig   = *:64:*:*:mss*max,0:mss,sok,ts:df,id+,ecn?:0
;@ note=tcp_timestamps=0, tcp_sack=0
;@ example=4:64+0:0:1460:64240,7:mss,nop,ws:df,id+:0 6:64+0:0:1440:64800,7:mss,nop,ws:flow:0
sig   = *:64:*:*:mss*max,*:mss,nop,ws:df,id+,ecn?:0
;@ note=tcp_sack=0, tcp_window_scaling=0
;@ example=4:64+0:0:1460:64240,0:mss,nop,nop,ts:df,id+:0 6:64+0:0:1440:64800,0:mss,nop,nop,ts:flow:0
sig   = *:64:*:*:mss*max,0:mss,nop,nop,ts:df,id+,ecn?:0
;@ note=tcp_timestamps=0, tcp_sack=0, tcp_window_scaling=0
;@ example=4:64+0:0:1460:64240,0:mss:df,id+:0 6:64+0:0:1440:64800,0:mss:flow:0
sig   = *:64:*:*:mss*max,0:mss:df,id+,ecn?:0
;@ note=TCP Fast Open, asking for a cookie or sending data with it
;@ example=4:64+0:0:1460:64240,7:mss,sok,ts,nop,ws,?34,nop,nop:df,id+:0 6:64+0:0:1440:64800,7:mss,sok,ts,nop,ws,?34,nop,nop:flow:0
sig   = *:64:*:*:mss*max,*:mss,sok,ts,nop,ws,?34,nop,nop:df,id+,ecn?:*
;@ evidence=derived; note=TCP Fast Open, the MSS was lowered on the way
;@ example=4:64:0:1400:64240,7:mss,sok,ts,nop,ws,?34,nop,nop:df,id+:0
sig   = *:64:*:*:mss*clamped,*:mss,sok,ts,nop,ws,?34,nop,nop:df,id+,ecn?:*
;@ note=Multipath TCP
;@ example=4:64+0:0:1460:64240,7:mss,sok,ts,nop,ws,?30:df,id+:0 6:64+0:0:1440:64800,7:mss,sok,ts,nop,ws,?30:flow:0
sig   = *:64:*:*:mss*max,*:mss,sok,ts,nop,ws,?30:df,id+,ecn?:0
;@ evidence=derived; note=Multipath TCP, the MSS was lowered on the way
;@ example=4:64:0:1400:64240,7:mss,sok,ts,nop,ws,?30:df,id+:0
sig   = *:64:*:*:mss*clamped,*:mss,sok,ts,nop,ws,?30:df,id+,ecn?:0
;@ note=Multipath TCP, tcp_timestamps=0
;@ example=4:64+0:0:1460:64240,7:mss,nop,nop,sok,nop,ws,?30:df,id+:0
sig   = *:64:*:*:mss*max,*:mss,nop,nop,sok,nop,ws,?30:df,id+,ecn?:0
;@ note=TCP-MD5
;@ example=4:64+0:0:1460:64240,7:nop,nop,?19,mss,nop,nop,sok,nop,ws:df,id+:0 6:64+0:0:1440:64800,7:nop,nop,?19,mss,nop,nop,sok,nop,ws:flow:0
sig   = *:64:*:*:mss*max,*:nop,nop,?19,mss,nop,nop,sok,nop,ws:df,id+,ecn?:0
;@ evidence=field; source=zardaxt, Linux, 6 fingerprints; note=a middlebox took the timestamps
;@ example=4:64:0:1460:64240,7:mss,sok,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,ws:df,id+:0 4:64:0:1400:64400,7:mss,sok,nop,nop,nop,ws:df,id+:0
sig   = *:64:0:*:mss*max,*:mss,sok,ts~,nop,ws:df,id+,ecn?:0
;@ evidence=derived; note=a middlebox took the timestamps and lowered the MSS
;@ example=4:64:0:1400:64240,7:mss,sok,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,ws:df,id+:0 4:64:0:1400:64240,7:mss,sok,nop,nop,nop,ws:df,id+:0
sig   = *:64:0:*:mss*clamped,*:mss,sok,ts~,nop,ws:df,id+,ecn?:0

; With scaling and timestamps off Linux looks like a Windows whose TTL was rewritten on the way.
;@ evidence=measured; source=Linux 6.18.44, tcp_timestamps=0, tcp_window_scaling=0; date=2026-11; note=zardaxt has 18 Windows agents
label = s:unix:Linux:4.20 or newer, or Windows
;@ family=linux android chromeos windows
;@ example=4:64+0:0:1460:64240,0:mss,nop,nop,sok:df,id+:0 6:64+0:0:1440:64800,0:mss,nop,nop,sok:flow:0
sig   = *:64:0:*:mss*max,0:mss,nop,nop,sok:df,id+,ecn?:0

; Every Android vendor raises the receive buffer above 170 KiB, and so do some Linux images: not separable.
;@ evidence=field; source=zardaxt, 216 of 299 Android fingerprints, Ubuntu cloud images; date=2025-11
label = s:unix:Linux:or Android
;@ example=4:64+0:0:1460:65535,7:mss,sok,ts,nop,ws:df,id+:0 6:64+0:0:1440:65535,6:mss,sok,ts,nop,ws:flow:0
sig   = *:64:*:*:65535,*:mss,sok,ts,nop,ws:df,id+,ecn?:0
;@ source=zardaxt, Android, 6 of 2262 fingerprints; note=tcp_timestamps=0
;@ example=4:64:0:1460:65535,10:mss,nop,nop,sok,nop,ws:df,id+:0
sig   = *:64:0:*:65535,*:mss,nop,nop,sok,nop,ws:df,id+,ecn?:0
;@ evidence=derived; note=TCP Fast Open
;@ example=4:64:0:1400:65535,7:mss,sok,ts,nop,ws,?34,nop,nop:df,id+:0
sig   = *:64:0:*:65535,*:mss,sok,ts,nop,ws,?34,nop,nop:df,id+,ecn?:*
;@ evidence=derived; note=Multipath TCP
;@ example=4:64:0:1400:65535,7:mss,sok,ts,nop,ws,?30:df,id+:0
sig   = *:64:0:*:65535,*:mss,sok,ts,nop,ws,?30:df,id+,ecn?:0
;@ source=zardaxt, 19 of 299 Android fingerprints; note=a middlebox took the timestamps
;@ example=4:64:0:1400:65535,8:mss,sok,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,ws:df,id+:0 4:64:0:1420:65535,9:mss,sok,nop,nop,nop,ws:df,id+:0
sig   = *:64:0:*:65535,*:mss,sok,ts~,nop,ws:df,id+,ecn?:0

; Linux 2.4 and 2.6 scale by 0 when the machine is small; later kernels only when the application has set SO_RCVBUF, so that the
; window says nothing of the era any more.
;@ evidence=field; source=UA-labelled captures, IoT Sentinel devices; clock=yes; note=bounds by kernel history
label = s:unix:Linux:2.4 to 2.6.38
;@ example=4:64+0:0:1460:5840,0:mss,sok,ts,nop,ws:df,id+:0 6:64+0:0:1220:4880,7:mss,sok,ts,nop,ws::0
sig   = *:64:0:*:mss*4,*:mss,sok,ts,nop,ws:df,id+,ecn?:0
;@ note=MSS above 1460
;@ example=4:64:0:2260:6780,6:mss,sok,ts,nop,ws:df,id+:0
sig   = *:64:0:*:mss*3,*:mss,sok,ts,nop,ws:df,id+,ecn?:0
;@ note=tcp_timestamps=0
;@ example=4:64+0:0:1460:5840,1:mss,nop,nop,sok,nop,ws:df,id+:0
sig   = *:64:0:*:mss*4,*:mss,nop,nop,sok,nop,ws:df,id+,ecn?:0

;@ evidence=measured; source=Linux 6.18.44 with SO_RCVBUF of 2 to 48 KiB, TCP_WINDOW_CLAMP; date=2026-11
label = s:unix:Linux:small receive buffer
;@ example=4:64+0:0:1460:1460,0:mss,sok,ts,nop,ws:df,id+:0
sig   = *:64:0:*:*,0:mss,sok,ts,nop,ws:df,id+,ecn?:0

; The first window of these kernels is half of that of newer ones.
;@ evidence=field; source=captures of Python 3.12, Firefox 115 and Steam on Linux; date=2025-11; note=bounds by kernel history
label = s:unix:Linux:6.6 to 6.9
;@ example=4:64+0:0:1460:32120,7:mss,sok,ts,nop,ws:df,id+:0
sig   = *:64:0:1460:32120,*:mss,sok,ts,nop,ws:df,id+,ecn?:0
;@ evidence=derived; note=22 * 1460, the MSS was lowered on the way
;@ example=4:64:0:1400:32120,7:mss,sok,ts,nop,ws:df,id+:0
sig   = *:64:0:*:32120,*:mss,sok,ts,nop,ws:df,id+,ecn?:0
;@ evidence=derived; note=22 * 1440, IPv6 or translated from it
;@ example=4:64:0:1400:31680,7:mss,sok,ts,nop,ws:df,id+:0
sig   = *:64:0:*:31680,*:mss,sok,ts,nop,ws:df,id+,ecn?:0

;@ evidence=field; source=UA-labelled captures of curl, Firefox and Wget on Linux; note=bounds by kernel history
label = s:unix:Linux:3.11 to 4.19
;@ example=4:64+0:0:1460:29200,7:mss,sok,ts,nop,ws:df,id+:0 6:63+1:0:1440:28800,7:mss,sok,ts,nop,ws::0
sig   = *:64:0:*:mss*20,*:mss,sok,ts,nop,ws:df,id+,ecn?:0
;@ note=tcp_timestamps=0
;@ example=4:63+1:0:1460:29200,2:mss,nop,nop,sok,nop,ws:df,id+:0
sig   = *:64:0:*:mss*20,*:mss,nop,nop,sok,nop,ws:df,id+,ecn?:0
;@ evidence=derived; note=tcp_sack=0
;@ example=4:64+0:0:1460:29200,7:mss,nop,nop,ts,nop,ws:df,id+:0
sig   = *:64:0:*:mss*20,*:mss,nop,nop,ts,nop,ws:df,id+,ecn?:0
;@ note=TCP Fast Open as experimental option
;@ example=4:64+0:0:1460:29200,7:mss,sok,ts,nop,ws,?254:df,id+:0
sig   = *:64:0:*:mss*20,*:mss,sok,ts,nop,ws,?254:df,id+,ecn?:*
;@ evidence=derived; note=TCP Fast Open since 4.1
;@ example=4:64:0:1400:28000,7:mss,sok,ts,nop,ws,?34,nop,nop:df,id+:0
sig   = *:64:0:*:mss*20,*:mss,sok,ts,nop,ws,?34,nop,nop:df,id+,ecn?:*
;@ note=loopback
;@ example=4:64+0:0:65495:43690,7:mss,sok,ts,nop,ws:df,id+:0
sig   = 4:64:0:65495:43690,*:mss,sok,ts,nop,ws:df,id+,ecn?:0
;@ note=loopback over IPv6
;@ example=6:64+0:0:65476:43690,7:mss,sok,ts,nop,ws::0
sig   = 6:64:0:65476:43690,*:mss,sok,ts,nop,ws:ecn?:0

; Other interfaces than Ethernet: after the lines of 3.11 to 4.19, whose windows some MSS share.
;@ evidence=derived; source=floor(32768 / MSS) * MSS; note=bounds by kernel history
label = s:unix:Linux:6.6 to 6.9
;@ example=4:64:0:1400:32200,7:mss,sok,ts,nop,ws:df,id+:0
sig   = *:64:0:*:mss*max<=32768,*:mss,sok,ts,nop,ws:df,id+,ecn?:0
;@ note=tcp_timestamps=0
;@ example=4:64:0:1400:32200,7:mss,nop,nop,sok,nop,ws:df,id+:0
sig   = *:64:0:*:mss*max<=32768,*:mss,nop,nop,sok,nop,ws:df,id+,ecn?:0
;@ note=TCP Fast Open
;@ example=4:64:0:1400:32200,7:mss,sok,ts,nop,ws,?34,nop,nop:df,id+:0
sig   = *:64:0:*:mss*max<=32768,*:mss,sok,ts,nop,ws,?34,nop,nop:df,id+,ecn?:*

;@ evidence=field; source=UA-labelled captures, Android 4, Ubuntu; clock=yes; note=bounds by kernel history
label = s:unix:Linux:2.6.39 to 3.10
;@ example=4:64+0:0:1460:14600,7:mss,sok,ts,nop,ws:df,id+:0
sig   = *:64:0:*:mss*10,*:mss,sok,ts,nop,ws:df,id+,ecn?:0
;@ evidence=derived; note=tcp_timestamps=0
;@ example=4:64:0:1400:14000,7:mss,nop,nop,sok,nop,ws:df,id+:0
sig   = *:64:0:*:mss*10,*:mss,nop,nop,sok,nop,ws:df,id+,ecn?:0

;@ evidence=measured; source=Linux 6.18.44 with SO_RCVBUF, tcp_rmem and routes of every size; date=2026-11
label = g:unix:Linux:
;@ example=4:64+0:0:1460:32767,7:mss,sok,ts,nop,ws:df,id+:0 6:64+0:0:1440:32767,7:mss,sok,ts,nop,ws:flow:0
sig   = *:64:*:*:*,*:mss,sok,ts,nop,ws:df,id+,ecn?:*
;@ evidence=derived; note=tcp_timestamps=0
;@ example=4:64:0:1400:43210,7:mss,nop,nop,sok,nop,ws:df,id+:0
sig   = *:64:*:*:*,*:mss,nop,nop,sok,nop,ws:df,id+,ecn?:*
;@ evidence=field; source=cisco/mercury capture2, libpcap; note=tcp_window_scaling=0
;@ example=4:64+0:0:1460:32767,0:mss,sok,ts:df,id+:0 6:64+0:0:1440:32767,0:mss,sok,ts:flow:0
sig   = *:64:*:*:*,0:mss,sok,ts:df,id+,ecn?:*
;@ evidence=derived; note=tcp_sack=0
;@ example=4:64:0:1400:43210,7:mss,nop,nop,ts,nop,ws:df,id+:0
sig   = *:64:*:*:*,*:mss,nop,nop,ts,nop,ws:df,id+,ecn?:*
;@ evidence=derived; note=TCP Fast Open
;@ example=4:64:0:1400:43210,7:mss,sok,ts,nop,ws,?34,nop,nop:df,id+:0
sig   = *:64:*:*:*,*:mss,sok,ts,nop,ws,?34,nop,nop:df,id+,ecn?:*
;@ evidence=derived; note=Multipath TCP
;@ example=4:64:0:1400:43210,7:mss,sok,ts,nop,ws,?30:df,id+:0
sig   = *:64:*:*:*,*:mss,sok,ts,nop,ws,?30:df,id+,ecn?:*
;@ evidence=derived; note=TCP-MD5
;@ example=4:64:0:1400:43210,7:nop,nop,?19,mss,nop,nop,sok,nop,ws:df,id+:0
sig   = *:64:*:*:*,*:nop,nop,?19,mss,nop,nop,sok,nop,ws:df,id+,ecn?:*
;@ evidence=derived; source=zardaxt; note=a middlebox took the timestamps
;@ example=4:64:0:1400:43210,7:mss,sok,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,ws:df,id+:0 4:64:0:1400:43210,7:mss,sok,nop,nop,nop,ws:df,id+:0
sig   = *:64:0:*:*,*:mss,sok,ts~,nop,ws:df,id+,ecn?:0

;@ evidence=field; source=zardaxt, Android, 6 fingerprints; note=something on the way has sorted the options
label = g:unix:Linux:or Android, sorted options
;@ example=4:64:0:1400:65535,8:mss,nop,ws,nop,nop,sok,nop,nop,ts:df,id+:0
sig   = 4:64:0:*:65535,8:mss,nop,ws,nop,nop,sok,nop,nop,ts:df,id+:0

; Windows. Server 2016 and newer share the stack of 10 and 11, Server 2008 R2 and 2012 that of 7 and 8.

;@ evidence=field; source=zardaxt and UA-labelled captures; date=2025-11
label = s:win:Windows:10, 11 or Server 2016+
;@ example=4:128+0:0:1460:64240,8:mss,nop,ws,nop,nop,sok:df,id+:0
sig   = *:128:*:*:mss*max,8:mss,nop,ws,nop,nop,sok:df,id+,ecn?:0
;@ example=4:128+0:0:65495:65535,8:mss,nop,ws,nop,nop,sok:df,id+:0
sig   = *:128:*:*:65535,8:mss,nop,ws,nop,nop,sok:df,id+,ecn?:0
;@ note=the MSS was lowered on the way
;@ example=4:127+1:0:8373:62727,8:mss,nop,ws,nop,nop,sok:df,id+,ecn:0
sig   = *:128:*:*:mss*clamped,8:mss,nop,ws,nop,nop,sok:df,id+,ecn?:0
;@ note=timestamps switched on
;@ example=4:128:0:1460:64240,8:mss,nop,ws,sok,ts:df,id+:0
sig   = *:128:*:*:mss*max,8:mss,nop,ws,sok,ts:df,id+,ecn?:0
;@ evidence=derived; note=timestamps switched on
;@ example=4:128:0:1400:65535,8:mss,nop,ws,sok,ts:df,id+:0
sig   = *:128:*:*:65535,8:mss,nop,ws,sok,ts:df,id+,ecn?:0
;@ note=timestamps switched on, MSS lowered on the way
;@ example=4:128:0:1420:64240,8:mss,nop,ws,sok,ts:df,id+:0
sig   = *:128:*:*:mss*clamped,8:mss,nop,ws,sok,ts:df,id+,ecn?:0

;@ evidence=field; source=UA-labelled captures of NT 6.1, 6.2, 6.3 and 10.0; note=10 until about 2017, Server 2008 R2 to 2016
label = s:win:Windows:7 to 10
;@ example=4:128+0:0:1460:8192,8:mss,nop,ws,nop,nop,sok:df,id+:0
sig   = *:128:0:*:8192,8:mss,nop,ws,nop,nop,sok:df,id+,ecn?:0

;@ evidence=field; source=UA-labelled captures of BITS/7.0, NT 6.1 and 6.2
label = s:win:Windows:Vista, 7 or 8
;@ example=4:128:0:1360:8192,2:mss,nop,ws,nop,nop,sok:df,id+:0
sig   = *:128:0:*:8192,2:mss,nop,ws,nop,nop,sok:df,id+,ecn?:0
;@ source=zardaxt, 7 of 1556 fingerprints; note=timestamps switched on
;@ example=4:128:0:1400:8192,2:mss,nop,ws,sok,ts:df,id+:0
sig   = *:128:0:*:8192,2:mss,nop,ws,sok,ts:df,id+,ecn?:0

;@ evidence=field; source=UA-labelled captures of NT 6.1 and of 2001; note=also a retransmitted SYN, Server 2008 R2 to 2016
label = s:win:Windows:98, or 7 to 10 no scaling
;@ example=4:128+0:0:1460:8192,0:mss,nop,nop,sok:df,id+:0
sig   = *:128:0:*:8192,0:mss,nop,nop,sok:df,id+,ecn?:0

;@ evidence=field; source=UA-labelled captures of NT 5.1, zardaxt; date=2025-11; note=a retransmitted SYN of 10 and 11 lacks scaling
label = s:win:Windows:XP, or 10/11 no scaling
;@ example=4:128+0:0:1460:64240,0:mss,nop,nop,sok:df,id+:0
sig   = *:128:0:*:mss*max,0:mss,nop,nop,sok:df,id+,ecn?:0
;@ note=the MSS was lowered on the way
;@ example=4:98+30:0:1452:64240,0:mss,nop,nop,sok:df,id+:0
sig   = *:128:0:*:mss*clamped,0:mss,nop,nop,sok:df,id+,ecn?:0

;@ evidence=field; source=UA-labelled captures of NT 5.1
label = s:win:Windows:2000 or XP
;@ example=4:127+1:0:1460:64512,0:mss,nop,nop,sok:df,id+:0
sig   = *:128:0:*:64512,0:mss,nop,nop,sok:df,id+:0
;@ example=4:111+17:0:1418:16384,0:mss,nop,nop,sok:df,id+:0
sig   = *:128:0:*:16384,0:mss,nop,nop,sok:df,id+:0
;@ note=RFC 1323 switched on
;@ example=4:128:0:1332:65535,3:mss,nop,ws,nop,nop,ts,nop,nop,sok:df,id+,ts1-:0
sig   = *:128:0:*:65535,3:mss,nop,ws,nop,nop,ts,nop,nop,sok:df,id+,ts1-:0

;@ evidence=field; source=zardaxt and UA-labelled captures; date=2025-11
label = g:win:Windows:
;@ example=4:106+22:0:1408:65535,3:mss,nop,ws,nop,nop,sok:df,id+:0
sig   = *:128:*:*:*,*:mss,nop,ws,nop,nop,sok:df,id+,ecn?:*
;@ example=4:113+15:0:1452:65535,0:mss,nop,nop,sok:df,id+:0
sig   = *:128:*:*:*,0:mss,nop,nop,sok:df,id+,ecn?:*
;@ evidence=derived; note=timestamps switched on
;@ example=4:128:0:1440:65160,8:mss,nop,ws,sok,ts:df,id+:0
sig   = *:128:*:*:*,8:mss,nop,ws,sok,ts:df,id+,ecn?:*
;@ note=RFC 1323 switched on; source=captures of NT 5.1 and of their time
;@ example=4:128+0:0:1460:65535,2:mss,nop,ws,nop,nop,ts,nop,nop,sok:df,id+,ts1-:0
sig   = *:128:0:*:*,*:mss,nop,ws,nop,nop,ts,nop,nop,sok:df,id+,ts1-:*
;@ source=zardaxt, 7 of 1556 fingerprints; note=something on the way has padded the options
;@ example=4:128:0:1420:64240,8:mss,nop,ws,nop,nop,sok,nop,eol+6:df,id+:0
sig   = *:128:0:*:*,8:mss,nop,ws,nop,nop,sok,nop,eol+6:df,id+,ecn?:0

; Apple. Since about macOS 10.13 and iOS 11 the IP ID is 0; macOS and iOS are not separable; ECN is asked for on one in three.

;@ evidence=field; source=UA-labelled captures of Mac OS X 10.5 to 10.9; note=satori has scale 4 up to 10.12
label = s:unix:Mac OS X:10.5 to 10.12
;@ example=4:64:0:1460:65535,1:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+:0
sig   = *:64:0:*:65535,1:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+:0
;@ example=4:64+0:0:1460:65535,2:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+:0 6:64+0:0:1440:65535,2:mss,nop,ws,nop,nop,ts,sok,eol+1::0
sig   = *:64:0:*:65535,2:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+:0
;@ example=4:64+0:0:16344:65535,3:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+:0
sig   = *:64:0:*:65535,3:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+:0
;@ example=4:64+0:0:1460:65535,4:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+:0 6:64+0:0:16324:65535,4:mss,nop,ws,nop,nop,ts,sok,eol+1::0
sig   = *:64:0:*:65535,4:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+:0
;@ note=without scaling and timestamps
;@ example=4:64+0:0:1460:65535,0:mss,sok,eol+1:df,id+:0
sig   = 4:64:0:*:65535,0:mss,sok,eol+1:df,id+:0

;@ evidence=field; source=zardaxt, XNU bsd/netinet/tcp_output.c; date=2025-11
label = s:unix:Mac OS X:or iOS
;@ example=4:64+0:0:1386:65535,6:mss,nop,ws,nop,nop,ts,sok,eol+1:df:0 6:64+0:0:16324:65535,6:mss,nop,ws,nop,nop,ts,sok,eol+1:flow:0
sig   = *:64:*:*:65535,*:mss,nop,ws,nop,nop,ts,sok,eol+1:df,ecn?:0
;@ note=TCP Fast Open; source=suricata-verify tcp-fastopen-10, XNU bsd/netinet/tcp_output.c
;@ example=4:63+1:0:1460:65535,5:mss,nop,ws,nop,nop,ts,sok,?34:df:+
sig   = *:64:0:*:65535,*:mss,nop,ws,nop,nop,ts,sok,?34:df,ecn?:*
;@ evidence=source; source=XNU bsd/netinet/tcp_output.c; note=Multipath TCP
;@ example=4:64:0:1400:65535,7:mss,nop,ws,?30,nop,nop,ts,sok,eol+1:df:0
sig   = *:64:0:*:65535,*:mss,nop,ws,?30,nop,nop,ts,sok,eol+1:df,ecn?:0
;@ note=without scaling and timestamps, 2 fingerprints
;@ example=4:63+1:0:1460:65535,0:mss,sok,eol+1:df:0
sig   = *:64:0:*:65535,0:mss,sok,eol+1:df,ecn?:0
;@ source=zardaxt, 17 fingerprints; note=a middlebox took the timestamps
;@ example=4:64:0:1410:65535,6:mss,nop,ws,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,sok,eol+1:df:0 4:64:0:1400:65535,6:mss,nop,ws,sok,eol+1:df:0
sig   = *:64:0:*:65535,*:mss,nop,ws,nop,nop,ts~,sok,eol+1:df,ecn?:0

; The IP ID is not 0: an older release, or a router that rewrote it. Or the application has set the receive buffer.
;@ evidence=field; source=zardaxt; date=2025-11
label = g:unix:Mac OS X:or iOS
;@ example=4:64+0:0:1460:65535,5:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+:0
sig   = 4:64:*:*:65535,*:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+,ecn?:*
;@ evidence=derived; source=XNU bsd/netinet/tcp_output.c; note=SO_RCVBUF
;@ example=4:64:0:1400:43210,7:mss,nop,ws,nop,nop,ts,sok,eol+1:df:0
sig   = *:64:*:*:*,*:mss,nop,ws,nop,nop,ts,sok,eol+1:df,ecn?:*
;@ evidence=derived; source=zardaxt; note=a middlebox took the timestamps, IP ID not 0
;@ example=4:64:0:1400:65535,7:mss,nop,ws,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,sok,eol+1:df,id+:0 4:64:0:1400:65535,7:mss,nop,ws,sok,eol+1:df,id+:0
sig   = 4:64:0:*:65535,*:mss,nop,ws,nop,nop,ts~,sok,eol+1:df,id+,ecn?:0

; Options that something on the way has sorted: no other system's agents were seen with it.
;@ evidence=field; source=zardaxt, iOS and macOS, 12 fingerprints; note=FreeBSD has other scales
label = g:unix:Mac OS X:or iOS, sorted options
;@ example=4:64:0:1416:65535,5:mss,nop,ws,sok,ts:df,id+:0
sig   = 4:64:0:*:65535,5:mss,nop,ws,sok,ts:df,id+:0

;@ evidence=field; source=UA-labelled capture of Firefox 1.5 on PowerPC; note=satori has it for FreeBSD before 5 as well
label = g:unix:Mac OS X:or FreeBSD, old
;@ family=apple bsd
;@ example=4:64:0:1460:65535,0:mss,nop,ws,nop,nop,ts:df,id+:0
sig   = 4:64:0:*:65535,*:mss,nop,ws,nop,nop,ts:df,id+:0

; BSD. Proxies and appliances send FreeBSD's layout with other scales under the agents of every system: only the default is claimed.

;@ evidence=source; source=freebsd-src sys/netinet/tcp_output.c; date=2026-08
label = s:unix:FreeBSD:9 or newer
;@ example=4:64:0:1400:65535,6:mss,nop,ws,sok,ts:df,id+:0
sig   = *:64:0:*:65535,6:mss,nop,ws,sok,ts:df,id+,ecn?:0

;@ evidence=derived; source=freebsd-src sys/netinet/tcp_output.c; note=kern.ipc.maxsockbuf of 256 KiB makes the scale 3
label = s:unix:FreeBSD:7 or 8
;@ example=4:64:0:1460:65535,3:mss,nop,ws,sok,ts:df,id+:0
sig   = *:64:0:*:65535,3:mss,nop,ws,sok,ts:df,id+,ecn?:0

;@ evidence=source; source=openbsd/src sys/netinet/tcp_output.c; date=2026-08
label = s:unix:OpenBSD:5 or newer
;@ example=4:64:0:1400:16384,7:mss,nop,nop,sok,nop,ws,nop,nop,ts:df,id+:0
sig   = *:64:0:*:16384,*:mss,nop,nop,sok,nop,ws,nop,nop,ts:df,id+:0

;@ evidence=source; source=NetBSD/src sys/netinet/tcp_output.c; date=2026-08
label = s:unix:NetBSD:
;@ example=4:48+16:0:1460:32768,6:mss,nop,ws,sok,nop,nop,nop,nop,ts:df:0
sig   = *:64:0:*:32768,*:mss,nop,ws,sok,nop,nop,nop,nop,ts:df:0

; Consoles, embedded and user-space stacks.

;@ evidence=field; source=nDPI nintendo.pcap; note=the console's MTU is 1400
label = s:other:Nintendo:Switch
;@ example=4:64:0:1360:32768,6:mss,nop,ws,sok,ts:df,id+:0
sig   = *:64:0:1360:32768,6:mss,nop,ws,sok,ts:df,id+:0

; 20 * MSS rounded down to a multiple of 2^scale: 29184 where Linux 3.11 has 29200. Tunnels and proxies are built from it.
;@ evidence=source; source=gvisor pkg/tcpip/transport/tcp; date=2026-08
label = s:other:gVisor:netstack
;@ example=4:64:0:1400:27904,7:mss,sok,ts,nop,ws:df:0
sig   = *:64:0:*:mss*20/ws,*:mss,sok,ts,nop,ws:df:0
;@ note=older releases
;@ example=4:64:0:1400:27904,7:mss,sok,ts,nop,ws::0
sig   = 4:64:0:*:mss*20/ws,*:mss,sok,ts,nop,ws::0

;@ evidence=measured; source=liblwip0 2.1.3; date=2026-11; note=the IP ID counts up from 0
label = s:other:lwIP:2
;@ family=embedded user-space
;@ example=4:255:0:1460:65535,1:mss,nop,ws:id-:0
sig   = 4:255:0:*:65535,1:mss,nop,ws:id-?:0

;@ evidence=field; source=IoT Sentinel, Withings and ednet devices
label = s:other:lwIP or uIP:
;@ example=4:255:0:1400:8400,0:mss::0
sig   = 4:255:0:1400:8400,0:mss:id-?:0
;@ example=4:255+0:0:1400:1500,0:mss::0
sig   = 4:255:0:1400:1500,0:mss:id-?:0
;@ evidence=source; source=lwip src/include/lwip/opt.h, TCP_WND and IP_DEFAULT_TTL; note=LIFX bulbs have MSS 1436
;@ example=4:255:0:1400:5600,0:mss::0
sig   = 4:255:0:*:mss*4,0:mss:id-?:0

;@ evidence=field; source=IoT Sentinel, Fitbit Aria scale
label = s:other:embedded BSD stack:
;@ family=embedded bsd
;@ example=4:64+0:0:1460:8688,0:mss,nop,ws,nop,nop,ts::0
sig   = 4:64:0:1460:8688,0:mss,nop,ws,nop,nop,ts::0

; Scanners and probes: they write their own packets, so the system below them is not told.

;@ evidence=documented; source=USENIX Security 2017, Understanding the Mirai Botnet; note=random window, no options
label = s:!:Mirai:scanner
sys   = @unix
;@ example=4:64:0:0:43210,0::seq=dst:0
sig   = 4:64:0:0:*,0::seq=dst:0

;@ evidence=measured; source=nmap 7.93 -sS and -PS; date=2026-11; note=TTL 37 to 59 at random
label = s:!:Nmap:SYN scan
sys   = @unix,@win
;@ example=4:47+17:0:1460:1024,0:mss::0
sig   = *:64-:0:1460:1024,0:mss::0
;@ note=over IPv6
;@ example=6:255+0:0:1460:1024,0:mss::0
sig   = 6:255:0:1460:1024,0:mss::0

;@ evidence=measured; source=nmap 7.93 -O; date=2026-11
label = s:!:Nmap:OS detection
sys   = @unix,@win
;@ example=4:53+11:0:1460:1,10:ws,nop,mss,ts,sok:ack+:0
sig   = *:64-:0:1460:1,10:ws,nop,mss,ts,sok:ack+:0
;@ example=4:40+24:0:1400:63,0:mss,ws,sok,ts,eol+0:ack+:0
sig   = *:64-:0:1400:63,0:mss,ws,sok,ts,eol+0:ack+:0
;@ example=4:51+13:0:640:4,5:ts,nop,nop,ws,nop,mss:ack+:0
sig   = *:64-:0:640:4,5:ts,nop,nop,ws,nop,mss:ack+:0
;@ example=4:52+12:0:0:4,10:sok,ts,ws,eol+0:ack+:0
sig   = *:64-:0:0:4,10:sok,ts,ws,eol+0:ack+:0
;@ example=4:42+22:0:536:16,10:mss,sok,ts,ws,eol+0:ack+:0
sig   = *:64-:0:536:16,10:mss,sok,ts,ws,eol+0:ack+:0
;@ evidence=field; source=chrissanders activeosfingerprinting.pcapng; note=the probe with ECN, the SYNs of T2 to T7
;@ example=4:49+15:0:265:512,0:mss,sok,ts:ack+:0
sig   = *:64-:0:265:512,0:mss,sok,ts:ack+:0
;@ example=4:59+5:0:1460:3,10:ws,nop,mss,sok,nop,nop:ecn,uptr+:0
sig   = *:64-:0:1460:3,10:ws,nop,mss,sok,nop,nop:ecn,uptr+,ack+?:0
;@ example=4:52+12:0:265:31337,10:ws,nop,mss,ts,sok:ack+:0
sig   = *:64-:0:265:31337,10:ws,nop,mss,ts,sok:ack+?:0

;@ evidence=measured; source=nping 7.93 --tcp; date=2026-11
label = s:!:Nping:
sys   = @unix,@win
;@ example=4:64+0:0:0:1480,0:::0
sig   = *:64:0:0:1480,0:::0

;@ evidence=measured; source=masscan 1.3.2; date=2026-11
label = s:!:masscan:
sys   = @unix,@win
;@ example=4:255+0:0:0:1024,0:::0
sig   = *:255:0:0:1024,0:::0
;@ evidence=source; source=masscan src/templ-pkt.c; date=2026-03; note=the IP ID may be 0
;@ example=4:255:0:1460:1025,0:mss::0
sig   = *:255:0:1460:1025,0:mss:id-?:0

;@ evidence=measured; source=ZMap 2.1.1; date=2026-11
label = s:!:ZMap:
sys   = @unix,@win
;@ example=4:255+0:0:0:65535,0:::0
sig   = *:255:0:0:65535,0:::0
;@ evidence=source; source=zmap src/probe_modules/packet.c, windows probe; date=2026-04
;@ example=4:255:0:1460:65535,8:mss,nop,ws,nop,nop,sok::0
sig   = *:255:0:1460:65535,8:mss,nop,ws,nop,nop,sok::0
;@ evidence=source; source=zmap src/probe_modules/packet.c, linux probe; date=2026-04
;@ example=4:255:0:1460:65535,7:mss,sok,ts,nop,ws::0
sig   = *:255:0:1460:65535,7:mss,sok,ts,nop,ws::0
;@ evidence=source; source=zmap src/probe_modules/packet.c, bsd probe; date=2026-04
;@ example=4:255:0:1460:65535,6:mss,nop,ws,nop,nop,ts,sok,eol+1::0
sig   = *:255:0:1460:65535,6:mss,nop,ws,nop,nop,ts,sok,eol+1::0
;@ evidence=source; source=zmap src/probe_modules/packet.c, smallest probe; date=2026-04
;@ example=4:255:0:1460:65535,0:mss::0
sig   = *:255:0:1460:65535,0:mss::0

;@ evidence=measured; source=hping3 -S; date=2026-11
label = s:!:hping3:
sys   = @unix
;@ example=4:64+0:0:0:512,0::ack+:0
sig   = *:64:0:0:512,0::ack+:0
;@ example=4:64+0:0:0:512,0:nop,nop,ts:ack+:0
sig   = *:64:0:0:512,0:nop,nop,ts:ack+:0
;@ evidence=field; source=markofu dosattack.pcap; note=a flood, acknowledgement number 0
;@ example=4:64+0:0:0:512,0:::0
sig   = *:64:0:0:512,0:::0

;@ evidence=measured; source=scapy TCP(flags="S"); date=2026-11
label = s:!:scapy:
sys   = @unix,@win
;@ example=4:64+0:0:0:8192,0::seq-:0 6:64+0:0:0:8192,0::seq-:0
sig   = *:64:*:0:8192,0::seq-,ecn?:0
;@ evidence=field; source=captures made with scapy; note=the sequence number was given
;@ example=4:64+0:0:0:8192,0:::0 6:64+0:0:0:8192,0:::0
sig   = *:64:*:0:8192,0::ecn?:0

;@ evidence=measured; source=traceroute 2.1.2 -T; date=2026-11; note=TTL counts up from 1
label = s:!:traceroute:-T
sys   = @unix
;@ example=4:1+31:0:1460:5840,2:mss,sok,ts,nop,ws::0
sig   = *:32-:0:1460:mss*4,2:mss,sok,ts,nop,ws::0

;@ evidence=measured; source=tcptraceroute 1.5beta7; date=2026-11; note=TTL counts up from 1
label = s:!:tcptraceroute:
sys   = @unix
;@ example=4:1+31:0:0:0,0:::0
sig   = *:32-:0:0:0,0:::0

;@ evidence=measured; source=lft 3.91; date=2026-11; note=TTL counts up from 1
label = s:!:lft:
sys   = @unix
;@ example=4:1+31:0:0:32768,0::df:0
sig   = *:32-:0:0:32768,0::df:0

;@ evidence=measured; source=t50 5.8.7b; date=2026-11
label = s:!:t50:
sys   = @unix
;@ example=4:255+0:0:0:17639,0::df,id+,ecn:+
sig   = *:255:0:0:*,0::df,id+,ecn:+

; No stack of an ordinary system sends a SYN without an MSS.
;@ evidence=field; source=arkime and suricata-verify captures of made-up packets; note=nDPI calls every such SYN a scanner's
label = g:!:crafted SYN:no options
sys   = @unix,@win,@other
;@ example=4:64+0:0:0:512,0::ack+:+ 6:64+0:0:0:65535,0:::0
sig   = *:255-:*:0:*,0::df?,id+?,ecn?,seq-?,ack+?:*
;@ example=4:64:0:0:65535,0::id-:0
sig   = 4:255-:*:0:*,0::id-,ecn?,seq-?,ack+?:*

; SYN+ACK: the server copies the options it was offered. With timestamps mss*max counts in units of the MSS less 12, as Linux does.

[tcp:response]

;@ evidence=measured; source=Linux 6.18.44, MTU 1280 to 9000; date=2026-11; note=4.20 by kernel history
label = s:unix:Linux:4.20 or newer
;@ example=4:64+0:0:1460:65160,10:mss,sok,ts,nop,ws:df:0 6:64+0:0:1440:64260,10:mss,sok,ts,nop,ws:flow:0
sig   = *:64:0:*:mss*max,*:mss,sok,ts,nop,ws:df,ecn?:0
;@ evidence=derived; note=the MSS was lowered on the way: 45 * 1448, over IPv6 45 * 1428
;@ example=4:64:0:1400:65160,7:mss,sok,ts,nop,ws:df:0 6:64:0:1380:64260,7:mss,sok,ts,nop,ws:flow:0
sig   = *:64:0:*:mss*45,*:mss,sok,ts,nop,ws:df,ecn?:0
;@ note=a client without timestamps
;@ example=4:55+9:0:1460:64240,7:mss,nop,nop,sok,nop,ws:df:0
sig   = *:64:0:*:mss*max,*:mss,nop,nop,sok,nop,ws:df:0
;@ note=a client without timestamps and scaling
;@ example=4:64:0:1400:64400,0:mss,nop,nop,sok:df:0
sig   = *:64:0:*:mss*max,0:mss,nop,nop,sok:df:0
;@ note=a client without options
;@ example=4:64+0:0:1460:64240,0:mss:df:0
sig   = *:64:0:*:mss*max,0:mss:df:0

;@ evidence=field; source=captures of openresty and nginx servers
label = s:unix:Linux:3.11 to 4.19
;@ example=4:59+5:0:1460:28960,5:mss,sok,ts,nop,ws:df:0 6:54+10:0:1220:28560,10:mss,sok,ts,nop,ws:flow:0
sig   = *:64:0:*:mss*20,*:mss,sok,ts,nop,ws:df:0
;@ example=4:54+10:0:1460:29200,7:mss,nop,nop,sok,nop,ws:df:0 6:63+1:0:1440:28800,7:mss,nop,nop,sok,nop,ws:flow:0
sig   = *:64:0:*:mss*20,*:mss,nop,nop,sok,nop,ws:df:0

;@ evidence=field; source=captures of Apache servers; clock=yes
label = s:unix:Linux:2.6.39 to 3.10
;@ example=4:64+0:0:1460:14480,6:mss,sok,ts,nop,ws:df:0 6:51+13:0:1410:13980,8:mss,sok,ts,nop,ws::0
sig   = *:64:0:*:mss*10,*:mss,sok,ts,nop,ws:df:0
;@ example=4:57+7:0:1460:14600,5:mss,nop,nop,sok,nop,ws:df:0
sig   = *:64:0:*:mss*10,*:mss,nop,nop,sok,nop,ws:df:0

;@ evidence=measured; source=Linux 6.18.44; date=2026-11; note=the window depends on SO_RCVBUF of the listener
label = g:unix:Linux:
;@ example=4:53+11:0:1460:5792,8:mss,sok,ts,nop,ws:df:0 6:59+5:0:1220:65535,9:mss,sok,ts,nop,ws:flow:0
sig   = *:64:0:*:*,*:mss,sok,ts,nop,ws:df:0

[http:request]

; Which name a User-Agent stands for; an iPhone says "like Mac OS X".
ua_os = Windows,Linux=[Android],Linux=[CrOS],Mac OS X,Linux,FreeBSD,OpenBSD,NetBSD
