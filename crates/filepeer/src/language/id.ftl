# Yang dikatakan filepeer tentang node dan simulasi, dalam bahasa Indonesia. Nama sebuah teks mengatakan untuk apa;
# { $values } diisikan.

## Log sebuah node

log_ready = Node { $node } siap menerima koneksi...
log_neighbour = Node { $node } menambahkan tetangga node { $neighbour }.
log_neighbour_left = Node tetangga { $neighbour } sudah pergi.
log_neighbour_lost = Node tetangga { $neighbour } hilang: { $why }.
log_unreachable = Tetangga { $neighbour } tidak bisa dihubungi: { $why }. Akan dicoba lagi dalam { $seconds } s.
log_relay_unreachable = Relay { $relay } tidak bisa dihubungi: { $why }. Akan dicoba lagi.
log_query = Node { $node } menerima permintaan pencarian file '{ $name }'.
log_found = File '{ $name }' ditemukan di node { $holder }.
log_response = Waktu respon pencarian file di node { $holder }: { $seconds }s.
log_hops = Jaraknya { $hops } hop.
log_not_found = File '{ $name }' tidak ditemukan, setelah { $seconds }s.
log_served = File '{ $name }' ({ $bytes } bytes) dikirim ke { $peer }.
log_done = Waktu respon total: { $seconds }s, throughput: { $throughput } bytes/s.
log_dropped = Node { $holder } tidak diminta lagi: { $why }.
log_refused = Peer { $peer } ditolak: { $why }.

## Demo

demo_ports = Port { $wanted } tidak semuanya bisa dipakai ({ $why }), jadi node-node ada di port { $taken }.
demo_result =
    { $name } ditemukan di { $holder }, berjarak { $hops } hop, dalam { $milliseconds } ms. Semua { $bytes } byte diterima,
    dan isinya sama.
demo_left = Baris-baris di atas juga ada di { $log }. Selain itu tidak ada yang ditinggalkan.

## Yang dikatakan serve, search, get dan ticket

alone_reaches = hanya mesin ini yang bisa menghubunginya; --lan, --host atau --relay membukanya untuk yang lain
shares_nothing = tidak ada yang dibagikan, pencarian hanya diteruskan; --share DIR membagikan file dari sebuah direktori
ticket_alone = hanya mesin ini yang bisa mengambilnya; --lan, --host atau --relay membukanya untuk yang lain; Ctrl-C mengakhiri
ticket_anybody = siapa pun yang punya tiketnya bisa mengambilnya; Ctrl-C mengakhiri
ticket_void = file itu berubah: tiketnya tidak berlaku lagi
sent = { $size } ke { $peer } dalam { $time }
sent_away = { $peer } ditolak: { $why }
nobody_has_it = tidak ada yang punya dalam jarak TTL { $ttl }
first_answer = jawaban pertama butuh { $milliseconds } ms
other_contents = { $name }: { $others } isi lain juga bernama begitu; yang punya lebih sedikit
fetched = { $file }: { $size } dalam { $time }, { $rate }, dari { $holders }
fetched_before = { $file }: { $size } dalam { $time }
fetched_unchecked = { $file }: { $size } dalam { $time } dari { $holder }, tidak diperiksa
were_there = { $size } sudah ada sebelumnya
was_dropped = { $holder } ditinggalkan: { $why }
holder_slow = { $holder } lambat: node lain mengirim bagiannya
holder_lost = { $holder } hilang: { $why }; akan dicoba lagi
holder_dropped = { $holder } ditinggalkan: { $why }
found_columns =
    NAMA
    UKURAN
    HASH
    DI
    HOP

## Cara mencari

method_flood = banjir
method_rings = cincin
method_walkers = pejalan
method_bloom = Bloom

## Sebuah simulasi

unknown = tidak diketahui
report = Laporan
findings = Yang ditemukan
figures = Gambar
table = Tabel
meaning = Arti angka-angkanya
disclosure = Cara membuatnya
nothing_to_draw = Tidak ada catatan yang bisa digambar
by_hand =
    Nilai: arahkan mouse ke sebuah tanda, atau pilih panel dengan Tab lalu tombol panah. Klik kepala
    kolom untuk mengurutkan tabel.
not_reportable = Angka ini jangan dikumpulkan
tile_searches = Pencarian
tile_searches_note = dalam { $cases } kasus
tile_messages_note = pesan per pencarian rata-rata (median { $median }), dengan { $nodes } node; { $found } menemukan filenya
tile_off = Jarak dari perkiraan
tile_off_note = dari semua rata-rata yang bisa diperkirakan tepat; perkiraannya dibuat dari graf yang sama
exactly = tidak ada
about_reachable =
    Ditemukan menghitung semua pencarian. Ditemukan jika terjangkau hanya menghitung pencarian yang sejak awal bisa mencapai
    node dengan file itu: angkanya bisa lebih kecil, karena pencarian lain bisa menemukan filenya nanti, setelah sebuah
    node kembali.
walks_end = Seorang pejalan berhenti setelah { $messages } pesan.
data_behind = Angka di balik gambar
figure = Gambar { $number }
predicted = perkiraan
simulated = simulasi
at_least = ≥ { $number }
title = Pencarian lewat tetangga, { $started }
what =
    { $searches } pencarian untuk masing-masing dari { $seeds } seed, pada graf acak yang setiap node-nya punya { $degree }
    tetangga. File yang dicari ada di { $holders } node lain. Banjir mencapai { $ttl } hop. Dengan seed yang sama semua cara mencari file yang
    sama di graf yang sama.
case_done = { $number }/{ $all }: { $case }
stopping = Berhenti: yang sedang disimulasikan diselesaikan dan dilaporkan. Ctrl-C sekali lagi langsung mengakhiri.
mark_partial = SEBAGIAN: belum semua seed disimulasikan untuk { $cases }
notes =
    Banjir pergi ke semua tetangga, dari setiap node satu kali. Cincin adalah banjir sejauh 1, 2, 3 hop dan
    seterusnya, sampai salah satunya menemukan file. Seorang pejalan pergi ke satu tetangga setiap kali, yang
    dipilih secara acak. Bloom adalah satu pejalan yang mengikuti filter, yaitu kabar dari tetangga tentang apa yang
    ada di dekat mereka; kalau tidak menemukan apa-apa, banjir menyusul. Pesan adalah pertanyaan yang dikirim semua
    node untuk satu pencarian, tanpa jawabannya; p95 tidak dilampaui oleh 95% pencarian. Perkiraan datang dari
    grafnya saja: untuk banjir, jumlah atas semua node yang lebih dekat daripada TTL; untuk cincin, sama untuk
    setiap cincin. Pejalan perlu paling sedikit angka yang disebut, yaitu milik pejalan yang tidak pernah bertemu
    node dua kali. Hop dan waktu adalah milik jawaban pertama, untuk pencarian yang menemukan file. Kolom "ditemukan
    jika terjangkau" menghitung yang ditemukan dari pencarian yang sejak awal bisa mencapai node dengan file itu.
    Kalau node datang dan pergi, cincin dan Bloom mencari lagi kemudian, dan menemukan beberapa file yang node-nya
    sudah kembali; pejalan yang sedang ada di node yang pergi ikut hilang.

found_messages =
    Dengan { $nodes } node sebuah pencarian rata-rata butuh { $flood } dengan banjir, { $rings } dengan cincin, { $walkers }
    dengan pejalan dan { $bloom } dengan filter Bloom.
found_mean = { $messages } pesan (menemukan { $found })
found_bloom =
    Filter Bloom butuh { $fewer } kali lebih sedikit pesan daripada banjir, dan jawaban pertamanya datang setelah { $bloom } s;
    jawaban pertama banjir setelah { $flood } s. Biaya menyebarkan filter tidak dihitung.
found_spread =
    Dengan { $nodes } node separuh pencarian dengan filter Bloom butuh paling banyak { $half } pesan, dan satu butuh { $most }:
    pencarian itu berakhir dengan banjir. Bersamanya, rata-ratanya { $mean }.
found_prediction = Rata-rata pesan banjir dan cincin berbeda paling banyak { $off } dari perkiraan menurut grafnya.
found_prediction_exactly =
    Rata-rata pesan banjir dan cincin tepat seperti perkiraan. Perkiraannya dibuat dari graf yang sama: yang diuji adalah
    pencariannya, bukan grafnya.
found_reach = Dengan { $nodes } node banjir sejauh { $ttl } hop menemukan { $share } file: yang lain lebih jauh dari { $ttl } hop.
found_all = Semua { $searches } pencarian di antara node yang menetap menemukan filenya.
found_hops = Dari file yang ditemukan banjir dengan { $nodes } node, yang terdekat rata-rata berjarak { $mean } hop, paling jauh { $most }.
found_churn =
    Kalau node datang dan pergi, dan tidak ada selama { $away } dari waktu, banjir menemukan { $flood } file, cincin { $rings },
    pejalan { $walkers } dan Bloom { $bloom }. Setiap saat { $there } file ada di node yang sedang ada.
found_there =
    Dari pencarian yang sejak awal bisa mencapai node seperti itu, banjir menemukan { $flood }, cincin { $rings }, pejalan
    { $walkers } dan Bloom { $bloom }.

summary_columns =
    Kasus
    Pencarian
    Ditemukan
    Ditemukan jika terjangkau
    Pesan (rerata)
    Perkiraan
    p95
    Maks.
    Hop (rerata)
    Hop (terjauh)
    Waktu (ms)
    Waktu p95 (ms)

## Gambar

growth_title = Biaya sebuah pencarian, menurut jumlah node
growth_caption =
    Tanda adalah hasil simulasi; garis tipis adalah perkiraan dari grafnya, kalau ada. Semua sumbu logaritmis: setiap
    garis ke atas adalah kelipatan dari yang di bawahnya. Hop adalah jalan yang ditempuh pertanyaan sampai ke file.
growth_nodes = node
growth_messages = Pesan sebuah pencarian
growth_hops = Hop ke file
growth_milliseconds = Milidetik sampai jawaban pertama
growth_columns =
    Cara
    Node
    Pesan
    Perkiraan
    Hop
    Waktu (ms)
spread_title = Berapa pesan yang dibutuhkan pencarian
spread_caption =
    Bagian dari semua pencarian yang butuh paling banyak sekian pesan, dengan { $nodes } node. Garis yang curam berarti semua
    butuh kira-kira sama banyak.
spread_part = Bagian pencarian
spread_messages = pesan sebuah pencarian
spread_columns =
    Cara
    Bagian pencarian
    Node
    Pesan
churn_title = Yang ditemukan kalau node datang dan pergi
churn_caption =
    Bagian pencarian yang menemukan file, menurut bagian waktu node tidak ada, dengan { $nodes } node. Tanda menghitung
    semua pencarian; garis tipis berwarna sama hanya yang sejak awal bisa mencapai node dengan file itu.
churn_found = Bagian pencarian yang menemukan file
churn_away = bagian waktu tidak ada
churn_columns =
    Cara
    Tidak ada
    Ditemukan
    Ditemukan jika terjangkau

## Cara membuatnya

raw_files = Berkas mentah
raw_environment = bagaimana dan kapan dibuat, dengan semua kasus
raw_searches = satu baris untuk setiap pencarian
term_version = Versi
term_commit = Commit
term_rustc = Kompilator
term_build = Build
term_command_line = Baris perintah
term_started = Dimulai
term_seeds = Seed
term_latency = Waktu satu hop
term_online = Rata-rata waktu node menetap

## Syarat

gate_met = syarat { $gate }: terpenuhi ({ $checked } diperiksa)
gate_not_met = syarat { $gate }: TIDAK terpenuhi oleh { $broken } dari { $checked }
gate_more = dan { $more } lagi
gate_value = { $column } adalah { $value }
gate_no_value = { $column } tidak punya nilai
gate_no_rows = { $column } tidak punya nilai: tidak ada baris yang bisa dihitung
