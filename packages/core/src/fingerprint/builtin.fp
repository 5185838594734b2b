; synprint's own signature database, in the grammar of p0f.fp with two additions that p0f itself does not read:
;   mss*max   window = the largest multiple of the MSS that is not above 64 KiB: floor(65536 / MSS) * MSS, at most 65535.
;             Linux since 4.20 and Windows 10/11 choose it from the MTU of their own interface.
;   ;@ ...    facts about the line below it (before a label: about every line of that label):
;               evidence   measured     seen here on the named system
;                          field        seen in captures or logs whose User-Agent or device says what it is
;                          source       read in the source code of the stack or tool
;                          documented   said by the vendor or a standard
;                          derived      arithmetic on one of the above
;               source     where the evidence lies; date its month; note what it does not show
;               clock=yes  the timestamps of this stack are one clock per host: uptime may be told from them
;
; Every line was written from measurements and sources, none from another database. Names are those of p0f (Mac OS X and not
; macOS), so that p0f.fp can be loaded beside this file: p0f compares names when it looks for two systems behind one address.
; A label claims no more than the evidence separates; names and flavors stay below 32 bytes, the width of p0f's API fields.

classes = win,unix,other

; MTU = MSS + 40 (IPv4) or + 60 (IPv6). Many links share a value: every line with it is a candidate, weighed against the others. What
; the attributes mean beside evidence:
;   kind      what sort of link (link-facts.ts has the list)
;   origin    interface: the sender's own interface has the MTU; clamped: something on the way lowers the MSS; else either
;   weight    how common it is among senders that show the MTU, against 4 parts of the undocumented, 20 where it is a round number
;   ver       over IPv4 or IPv6 only
;   family    stacks that can have it
; OpenVPN's many values are not listed: openvpn.ts computes them from its options.

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

;@ kind=wireguard; origin=interface; weight=20
;@ evidence=derived; source=1492 less 80 of WireGuard
label = WireGuard on PPPoE
sig   = 1412

;@ kind=wireguard; origin=interface; weight=8
;@ evidence=derived; source=1492 less 60 of WireGuard over IPv4
label = WireGuard on PPPoE
sig   = 1432

;@ kind=ppp-vpn; origin=interface; weight=30; family=windows
;@ evidence=documented; source=KB826159; note=TunnelMTU of RAS: PPTP, L2TP, SSTP, IKEv2
label = Windows VPN
sig   = 1400

;@ kind=mobile; weight=30
;@ evidence=documented; source=KORE Wireless documentation, international cellular
label = mobile
sig   = 1400

;@ kind=ipsec; weight=15
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
; the era, the scale only the size of the receive buffer.

;@ evidence=measured; source=Linux 6.18.44, 106 MTUs, IPv4 and IPv6; date=2026-11; note=4.20 by kernel history
label = s:unix:Linux:4.20 or newer
sig   = *:64:0:*:mss*max,*:mss,sok,ts,nop,ws:df,id+:0
; Something on the way lowered the MSS: the window still tells the Ethernet interface (44 * 1460, over IPv6 45 * 1440).
;@ note=OpenVPN mssfix and PPPoE clamps
sig   = *:64:0:*:64240,*:mss,sok,ts,nop,ws:df,id+:0
;@ note=OpenVPN mssfix over IPv6
sig   = *:64:0:*:64800,*:mss,sok,ts,nop,ws:df,id+:0
;@ note=tcp_timestamps=0
sig   = *:64:0:*:mss*max,*:mss,nop,nop,sok,nop,ws:df,id+:0
;@ note=tcp_sack=0
sig   = *:64:0:*:mss*max,*:mss,nop,nop,ts,nop,ws:df,id+:0
;@ note=tcp_window_scaling=0
sig   = *:64:0:*:mss*max,0:mss,sok,ts:df,id+:0
;@ note=tcp_timestamps=0, tcp_sack=0
sig   = *:64:0:*:mss*max,*:mss,nop,ws:df,id+:0
;@ note=tcp_sack=0, tcp_window_scaling=0
sig   = *:64:0:*:mss*max,0:mss,nop,nop,ts:df,id+:0
;@ note=tcp_timestamps=0, tcp_sack=0, tcp_window_scaling=0
sig   = *:64:0:*:mss*max,0:mss:df,id+:0
;@ note=TCP Fast Open, asking for a cookie or sending data with it
sig   = *:64:0:*:mss*max,*:mss,sok,ts,nop,ws,?34,nop,nop:df,id+:*
;@ note=Multipath TCP
sig   = *:64:0:*:mss*max,*:mss,sok,ts,nop,ws,?30:df,id+:0
;@ note=Multipath TCP, tcp_timestamps=0
sig   = *:64:0:*:mss*max,*:mss,nop,nop,sok,nop,ws,?30:df,id+:0
;@ note=TCP-MD5
sig   = *:64:0:*:mss*max,*:nop,nop,?19,mss,nop,nop,sok,nop,ws:df,id+:0

; The first window of these kernels is half of that: floor(32768 / MSS) * MSS.
;@ evidence=field; source=captures of Python 3.12, Firefox 115 and Steam on Linux; date=2025-11; note=bounds by kernel history
label = s:unix:Linux:6.6 to 6.9
sig   = *:64:0:*:mss*22,*:mss,sok,ts,nop,ws:df,id+:0
;@ evidence=derived; note=MTU 1406 to 1464
sig   = *:64:0:*:mss*23,*:mss,sok,ts,nop,ws:df,id+:0

;@ evidence=field; source=UA-labelled captures of curl, Firefox and Wget on Linux; note=bounds by kernel history
label = s:unix:Linux:3.11 to 4.19
sig   = *:64:0:*:mss*20,*:mss,sok,ts,nop,ws:df,id+:0
;@ note=TCP Fast Open as experimental option
sig   = *:64:0:*:mss*20,*:mss,sok,ts,nop,ws,?254:df,id+:*
;@ note=loopback
sig   = *:64:0:65495:43690,*:mss,sok,ts,nop,ws:df,id+:0
;@ note=AWS EC2 jumbo, 3 * 8961
sig   = *:64:0:*:26883,*:mss,sok,ts,nop,ws:df,id+:0

;@ evidence=field; source=UA-labelled captures, Android 4, Ubuntu; clock=yes; note=bounds by kernel history
label = s:unix:Linux:2.6.39 to 3.10
sig   = *:64:0:*:mss*10,*:mss,sok,ts,nop,ws:df,id+:0

;@ evidence=field; source=UA-labelled captures, IoT Sentinel devices; clock=yes; note=bounds by kernel history
label = s:unix:Linux:2.4 to 2.6.38
sig   = *:64:0:*:mss*4,*:mss,sok,ts,nop,ws:df,id+:0
sig   = *:64:0:*:mss*4,*:mss,nop,nop,sok,nop,ws:df,id+:0

; Every Android vendor raises the receive buffer above 170 KiB, and so do some Linux images: not separable.
;@ evidence=field; source=zardaxt, 216 of 299 Android fingerprints, Ubuntu cloud images; date=2025-11
label = s:unix:Linux:or Android
sig   = *:64:0:*:65535,*:mss,sok,ts,nop,ws:df,id+:0

; A middlebox overwrote or removed the timestamp option.
;@ evidence=field; source=zardaxt, 19 of 299 Android fingerprints; date=2025-11
label = s:unix:Linux:or Android, ts removed
sig   = *:64:0:*:*,*:mss,sok,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,ws:df,id+:0
sig   = *:64:0:*:*,*:mss,sok,nop,nop,nop,ws:df,id+:0

;@ evidence=measured; source=Linux 6.18.44 with SO_RCVBUF, tcp_rmem and routes of every size; date=2026-11
label = g:unix:Linux:
sig   = *:64:0:*:*,*:mss,sok,ts,nop,ws:df,id+:0

; With scaling and timestamps off Linux at TTL 64 looks like a Windows whose TTL was rewritten on the way.
;@ evidence=measured; source=Linux 6.18.44; date=2026-11; note=zardaxt has 18 Windows User-Agents at TTL 64
label = g:other:Linux or Windows:no scaling
sig   = *:64:0:*:mss*max,0:mss,nop,nop,sok:df,id+:0

; Windows.

;@ evidence=field; source=zardaxt and UA-labelled captures; date=2025-11; note=Server 2016 and newer share the stack
label = s:win:Windows:10 or 11
sig   = *:128:0:*:mss*max,8:mss,nop,ws,nop,nop,sok:df,id+:0
sig   = *:128:0:*:65535,8:mss,nop,ws,nop,nop,sok:df,id+:0
;@ note=the MSS was lowered on the way
sig   = *:128:0:*:64240,8:mss,nop,ws,nop,nop,sok:df,id+:0
;@ note=the MSS was lowered on the way, IPv6 or translated from it
sig   = *:128:0:*:64800,8:mss,nop,ws,nop,nop,sok:df,id+:0
;@ note=timestamps switched on
sig   = *:128:0:*:mss*max,8:mss,nop,ws,sok,ts:df,id+:0
;@ note=timestamps switched on, MSS lowered on the way
sig   = *:128:0:*:64240,8:mss,nop,ws,sok,ts:df,id+:0

;@ evidence=field; source=UA-labelled captures of NT 6.1, 6.2, 6.3 and 10.0; note=10 until about 2017
label = s:win:Windows:7 to 10
sig   = *:128:0:*:8192,8:mss,nop,ws,nop,nop,sok:df,id+:0

;@ evidence=field; source=UA-labelled captures of BITS/7.0, NT 6.1 and 6.2
label = s:win:Windows:Vista, 7 or 8
sig   = *:128:0:*:8192,2:mss,nop,ws,nop,nop,sok:df,id+:0

;@ evidence=field; source=UA-labelled captures of NT 6.1; note=also a retransmitted SYN, Server 2008 R2 to 2016
label = s:win:Windows:7 to 10, no scaling
sig   = *:128:0:*:8192,0:mss,nop,nop,sok:df,id+:0

;@ evidence=field; source=UA-labelled captures of NT 5.1, zardaxt; date=2025-11; note=a retransmitted SYN of 10 and 11 lacks scaling
label = s:win:Windows:XP, or 10/11 no scaling
sig   = *:128:0:*:64240,0:mss,nop,nop,sok:df,id+:0

;@ evidence=field; source=UA-labelled captures of NT 5.1
label = s:win:Windows:2000 or XP
sig   = *:128:0:*:64512,0:mss,nop,nop,sok:df,id+:0
sig   = *:128:0:*:16384,0:mss,nop,nop,sok:df,id+:0
;@ note=RFC 1323 switched on
sig   = *:128:0:*:65535,3:mss,nop,ws,nop,nop,ts,nop,nop,sok:df,id+,ts1-:0

;@ evidence=field; source=zardaxt and UA-labelled captures; date=2025-11
label = g:win:Windows:
sig   = *:128:0:*:*,*:mss,nop,ws,nop,nop,sok:df,id+:0
sig   = *:128:0:*:*,0:mss,nop,nop,sok:df,id+:0
sig   = *:128:0:*:8192,2:mss,nop,ws,sok,ts:df,id+:0

; Apple. Since about macOS 10.13 and iOS 11 the IP ID is 0; macOS and iOS are not separable; ECN is asked for on one in three.

;@ evidence=field; source=zardaxt, XNU bsd/netinet/tcp_output.c; date=2025-11
label = s:unix:Mac OS X:or iOS
sig   = *:64:0:*:65535,6:mss,nop,ws,nop,nop,ts,sok,eol+1:df:0
sig   = *:64:0:*:65535,5:mss,nop,ws,nop,nop,ts,sok,eol+1:df:0
sig   = *:64:0:*:65535,7:mss,nop,ws,nop,nop,ts,sok,eol+1:df:0
;@ evidence=source; source=XNU bsd/netinet/tcp_output.c; note=Multipath TCP
sig   = *:64:0:*:65535,*:mss,nop,ws,?30,nop,nop,ts,sok,eol+1:df:0
;@ note=without scaling and timestamps, 2 fingerprints
sig   = *:64:0:*:65535,0:mss,sok,eol+1:df:0

;@ evidence=field; source=zardaxt, 17 fingerprints; date=2025-11; note=a middlebox blanked or removed the timestamps
label = s:unix:Mac OS X:or iOS, ts removed
sig   = *:64:0:*:65535,*:mss,nop,ws,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,sok,eol+1:df:0
sig   = *:64:0:*:65535,*:mss,nop,ws,sok,eol+1:df:0

;@ evidence=field; source=UA-labelled captures of Mac OS X 10.5 to 10.9
label = s:unix:Mac OS X:10.5 to 10.9
sig   = *:64:0:*:65535,1:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+:0
sig   = *:64:0:*:65535,2:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+:0
sig   = *:64:0:*:65535,3:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+:0
sig   = *:64:0:*:65535,4:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+:0

; The IP ID is not 0: an older release, or a router that rewrote it.
;@ evidence=field; source=zardaxt; date=2025-11
label = g:unix:Mac OS X:or iOS
sig   = *:64:0:*:65535,*:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+:0

; BSD. Proxies and appliances send the layout of FreeBSD with other scales: only the default is claimed.

;@ evidence=source; source=freebsd-src sys/netinet/tcp_output.c; date=2026-08
label = s:unix:FreeBSD:9 or newer
sig   = *:64:0:*:65535,6:mss,nop,ws,sok,ts:df,id+:0

;@ evidence=source; source=openbsd/src sys/netinet/tcp_output.c; date=2026-08
label = s:unix:OpenBSD:5 or newer
sig   = *:64:0:*:16384,*:mss,nop,nop,sok,nop,ws,nop,nop,ts:df,id+:0

;@ evidence=source; source=NetBSD/src sys/netinet/tcp_output.c; date=2026-08
label = s:unix:NetBSD:
sig   = *:64:0:*:32768,*:mss,nop,ws,sok,nop,nop,nop,nop,ts:df:0

; Consoles, embedded and user-space stacks.

;@ evidence=field; source=nDPI nintendo.pcap; note=the console's MTU is 1400
label = s:other:Nintendo:Switch
sig   = *:64:0:1360:32768,6:mss,nop,ws,sok,ts:df,id+:0

; 20 * MSS rounded down to a multiple of 2^scale: 29184 where Linux 3.11 has 29200.
;@ evidence=source; source=gvisor pkg/tcpip/transport/tcp; date=2026-08
label = s:other:gVisor:netstack
sig   = 4:64:0:1460:29184,7:mss,sok,ts,nop,ws:df:0
sig   = 4:64:0:1380:27520,7:mss,sok,ts,nop,ws:df:0

;@ evidence=measured; source=liblwip0 2.1.3; date=2026-11; note=the IP ID counts up from 0
label = s:other:lwIP:2
sig   = 4:255:0:*:65535,1:mss,nop,ws:id-:0
sig   = 4:255:0:*:65535,1:mss,nop,ws::0

; Scanners and probes: they write their own packets, so the system below them is not told.

;@ evidence=measured; source=nmap 7.93 -sS and -PS; date=2026-11; note=TTL 37 to 59 at random
label = s:!:Nmap:SYN scan
sys   = @unix,@win
sig   = *:64-:0:1460:1024,0:mss::0
;@ note=over IPv6
sig   = 6:255:0:1460:1024,0:mss::0

;@ evidence=measured; source=nmap 7.93 -O; date=2026-11
label = s:!:Nmap:OS detection
sys   = @unix,@win
sig   = *:64-:0:1460:1,10:ws,nop,mss,ts,sok:ack+:0
sig   = *:64-:0:1400:63,0:mss,ws,sok,ts,eol+0:ack+:0
sig   = *:64-:0:640:4,5:ts,nop,nop,ws,nop,mss:ack+:0
sig   = *:64-:0:0:4,10:sok,ts,ws,eol+0:ack+:0
sig   = *:64-:0:536:16,10:mss,sok,ts,ws,eol+0:ack+:0

;@ evidence=measured; source=nping 7.93 --tcp; date=2026-11
label = s:!:Nping:
sys   = @unix,@win
sig   = *:64:0:0:1480,0:::0

;@ evidence=measured; source=masscan 1.3.2; date=2026-11
label = s:!:masscan:
sys   = @unix,@win
sig   = *:255:0:0:1024,0:::0
;@ evidence=source; source=masscan src/templ-pkt.c; date=2026-03; note=the IP ID may be 0
sig   = *:255:0:1460:1025,0:mss::0
;@ evidence=source; source=masscan src/templ-pkt.c; date=2026-03
sig   = *:255:0:1460:1025,0:mss:id-:0

;@ evidence=measured; source=ZMap 2.1.1; date=2026-11
label = s:!:ZMap:
sys   = @unix,@win
sig   = *:255:0:0:65535,0:::0
;@ evidence=source; source=zmap src/probe_modules/packet.c, windows probe; date=2026-04
sig   = *:255:0:1460:65535,8:mss,nop,ws,nop,nop,sok::0
;@ evidence=source; source=zmap src/probe_modules/packet.c, linux probe; date=2026-04
sig   = *:255:0:1460:65535,7:mss,sok,ts,nop,ws::0
;@ evidence=source; source=zmap src/probe_modules/packet.c, bsd probe; date=2026-04
sig   = *:255:0:1460:65535,6:mss,nop,ws,nop,nop,ts,sok,eol+1::0
;@ evidence=source; source=zmap src/probe_modules/packet.c, smallest probe; date=2026-04
sig   = *:255:0:1460:65535,0:mss::0

;@ evidence=measured; source=hping3 -S; date=2026-11
label = s:!:hping3:
sys   = @unix
sig   = *:64:0:0:512,0::ack+:0
sig   = *:64:0:0:512,0:nop,nop,ts:ack+:0

;@ evidence=measured; source=scapy TCP(flags="S"); date=2026-11
label = s:!:scapy:
sys   = @unix,@win
sig   = *:64:0:0:8192,0::seq-:0

;@ evidence=measured; source=traceroute 2.1.2 -T; date=2026-11; note=TTL counts up from 1
label = s:!:traceroute:-T
sys   = @unix
sig   = *:32-:0:1460:mss*4,2:mss,sok,ts,nop,ws::0

;@ evidence=measured; source=t50 5.8.7b; date=2026-11
label = s:!:t50:
sys   = @unix
sig   = *:255:0:0:*,0::df,id+,ecn:+

; SYN+ACK: the server copies the options it was offered. With timestamps Linux counts in units of the MSS less 12.

[tcp:response]

;@ evidence=measured; source=Linux 6.18.44, MTU 1280 to 9000; date=2026-11; note=4.20 by kernel history
label = s:unix:Linux:4.20 or newer
;@ note=MTU 1492 and 1500
sig   = *:64:0:*:mss*45,*:mss,sok,ts,nop,ws:df:0
;@ note=MTU 1492 over IPv6
sig   = *:64:0:*:mss*46,*:mss,sok,ts,nop,ws:df:0
;@ note=MTU 1420
sig   = *:64:0:*:mss*47,*:mss,sok,ts,nop,ws:df:0
;@ note=MTU 1400, 1420 over IPv6
sig   = *:64:0:*:mss*48,*:mss,sok,ts,nop,ws:df:0
;@ note=MTU 1400 over IPv6
sig   = *:64:0:*:mss*49,*:mss,sok,ts,nop,ws:df:0
;@ note=MTU 1280
sig   = *:64:0:*:mss*53,*:mss,sok,ts,nop,ws:df:0
;@ note=MTU 1280 over IPv6
sig   = *:64:0:*:mss*54,*:mss,sok,ts,nop,ws:df:0
;@ note=a client without timestamps
sig   = *:64:0:*:mss*max,*:mss,nop,nop,sok,nop,ws:df:0
;@ note=a client without timestamps and scaling
sig   = *:64:0:*:mss*max,0:mss,nop,nop,sok:df:0
;@ note=a client without options
sig   = *:64:0:*:mss*max,0:mss:df:0

;@ evidence=field; source=captures of openresty and nginx servers
label = s:unix:Linux:3.11 to 4.19
sig   = *:64:0:*:mss*20,*:mss,sok,ts,nop,ws:df:0
sig   = *:64:0:*:mss*20,*:mss,nop,nop,sok,nop,ws:df:0

;@ evidence=field; source=captures of Apache servers; clock=yes
label = s:unix:Linux:2.6.39 to 3.10
sig   = *:64:0:*:mss*10,*:mss,sok,ts,nop,ws:df:0
sig   = *:64:0:*:mss*10,*:mss,nop,nop,sok,nop,ws:df:0

;@ evidence=measured; source=Linux 6.18.44; date=2026-11; note=the window depends on SO_RCVBUF of the listener
label = g:unix:Linux:
sig   = *:64:0:*:*,*:mss,sok,ts,nop,ws:df:0

[http:request]

; Which name a User-Agent stands for; an iPhone says "like Mac OS X".
ua_os = Windows,Linux=[Android],Linux=[CrOS],Mac OS X,Linux,FreeBSD,OpenBSD,NetBSD
