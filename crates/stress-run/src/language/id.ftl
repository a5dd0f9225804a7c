### Kata-kata stress-run dalam bahasa Indonesia. Pasangannya dalam bahasa Inggris ada di en.ftl.
###
### Formatnya dari Project Fluent: NAMA = teks; { $mode } dan sejenisnya diisi oleh program, dan teks
### boleh dilanjutkan di baris berikutnya yang menjorok. Kalau ada yang kurang atau lebih, sebuah tes
### menunjukkannya. Di *_columns dan *_parts setiap baris adalah satu kepala kolom.

## Tabel

table_columns =
    Nomor
    Operasi
    Volume
    Jumlah client worker pool
    Jumlah server worker pool
    Waktu total per client
    Throughput per client
    Jumlah worker client yang sukses dan gagal
    Jumlah worker server yang sukses dan gagal
# Lebih pendek, untuk terminal.
screen_columns =
    No.
    Operasi
    Volume (MiB)
    Client
    Worker
    Waktu per client (s)
    Throughput per client (MiB/s)
    Client sukses / gagal
    Worker sukses / gagal (burst)
# Di tabel LIST, pengganti kolom volume.
names_column =
    Jumlah file
# Kalau hanya 50/0, spreadsheet membacanya sebagai tanggal.
counts = { $succeeded } sukses, { $failed } gagal
# Pada setiap burst semua client satu baris melakukan satu transfer.
in_bursts = { $counts } (dalam { $bursts } burst)
table_of = Mode server: { $mode }
# FETCH dan STORE, tanpa base64.
table_of_raw = Mode server: { $mode }, isi apa adanya (raw)
lists_of = Mode server: { $mode }, operasi list
table_notes =
    1 MiB adalah 1.048.576 byte. Nama volume mengikuti tugas kuliah, yang menulis 10 MB untuk 10
    MiB. Semua client pada satu baris mulai bersamaan. Waktu satu client dihitung sejak itu sampai
    byte terakhirnya diterima dan ditulis, jadi waktu menunggu worker yang bebas ikut terhitung.
    Satu baris menunjukkan waktu rata-rata client yang sukses. Throughput-nya adalah jumlah byte
    client tersebut dibagi jumlah waktunya, jadi waktu × throughput = volume. Di tabel sembilan
    kolom satuannya byte per detik. Setiap byte client tersebut diperiksa. Worker dihitung oleh
    server: yang semua transfernya sukses, dan yang pernah gagal. Worker tanpa transfer tidak
    dihitung. Baris yang singkat diukur dalam beberapa burst: client-nya mulai bersamaan
    berkali-kali, sehingga satu client bisa dilayani banyak worker. Jika pengukuran diulang, satu
    baris menunjukkan ulangan median: waktu rata-ratanya ada di tengah (kalau ada dua di tengah,
    yang lebih cepat). Kalau ada client yang gagal, yang ditunjukkan adalah ulangan dengan kegagalan
    terbanyak.

## Sel dan server

cell = { $what }, { $clients } client
server = mode { $mode } dengan { $workers }
workers = { $count ->
        [0] jumlah worker yang tidak diketahui
       *[other] { $count } worker
    }
pool = pool { $workers }
load = { $clients ->
        [1] { $clients } client dengan { $volume }
       *[other] { $clients } client dengan masing-masing { $volume }
    }
row = { $mode }, baris { $number }
repetitions = { $count } ulangan
seconds = { $number } detik

## Selama pengukuran

starting = menjalankan server { $server }
calibrating = mengukur batas client dengan server yang tidak melakukan apa-apa
not_measured = { $server } tidak terukur: { $why }
replaced_when_warm = { $server } diganti setelah pemanasan: { $why }
ceiling_not_measured = batas atas client tidak terukur: { $why }
disturbed = (terganggu: { $why })
time_left = sisa { $time }
removed_abandoned = { $dir } dihapus: sisa percobaan yang dihentikan paksa
# File di server yang diukur.
left_behind = di server masih ada file dari stress-run: { $names }
and_more = { $names } dan { $more } lainnya
perhaps_left_behind =
    file dari stress-run, bernama stress-..., mungkin masih ada di server, yang tidak memberi daftar
    filenya: { $why }

## Bagi yang menonton

watch_at = ikuti percobaan ini di { $url }
watch_begins = Percobaan dimulai
watch_over = Percobaan selesai. Halaman ini tetap seperti sekarang.
watch_lost = Percobaan sudah berakhir atau tidak terjangkau lagi. Halaman ini tetap seperti sekarang.
watch_now = { $done } dari { $all } terukur; sekarang { $what }

## Di akhir pengukuran

configurations = Konfigurasi berhasil: { $completed }/{ $all }, gagal: { $failed }/{ $all }
# Sekian client dari satu sel gagal karena satu sebab; kalimatnya menceritakan lebih banyak.
failed_clients = { $cell }: { $count } gagal ({ $cause }): { $sentence }
invalid_cell = INVALID: { $cell }: { $why }
missing_transfers =
    workers.jsonl.gz tidak memuat { $count } transfer yang dihitung di cells.csv; gambar per client
    dibuat tanpa transfer itu
report = Laporan
# Masing-masing di atas sebuah perintah.
next_resume = Untuk mengukur baris yang belum terukur atau terganggu
next_whole = Untuk mengukur dengan volume penuh
next_repeat = Agar selisih bisa dibedakan dari kebetulan, ukur lebih sering
next_modes = Untuk melihat mode tercepat pada tiap beban
next_encodings = Untuk melihat di baris mana base64 memakan waktu, dan seberapa pasti itu
next_compare = Untuk membandingkan dengan pengukuran lain
gate_met = syarat { $gate }: terpenuhi ({ $checked } diperiksa)
gate_not_met = syarat { $gate }: TIDAK terpenuhi oleh { $broken } dari { $checked }
gate_more = dan { $more } lagi
gate_value = { $column } adalah { $value }
gate_no_value = { $column } tidak punya nilai
gate_no_rows = { $column } tidak punya nilai: tidak ada baris yang bisa dihitung

## Yang membatasi pemakaian hasil

mark_quick = QUICK: sepersepuluh volume, untuk mencoba
mark_partial = PARTIAL: pengukuran belum lengkap; ada sel yang belum terukur
mark_invalid = INVALID: { $cells } sel dengan byte atau hitungan yang salah
mark_disturbed = DISTURBED: ada beban lain atau terhenti saat { $cells } sel diukur
mark_injected = INJECTED: server diminta membuat gangguan: { $faults }

## Yang tertulis di cells.csv tentang satu sel, selalu dalam bahasa Inggris; laporan menerjemahkannya

others_took =
    dari { $available } detik waktu CPU, program lain memakai { $foreign } detik dan mesin lain
    { $steal } detik
pages_swapped = { $pages } halaman memori di-swap
limit_stopped = program dihentikan { $times } kali oleh batas waktu CPU
stood_still = dari { $watched } detik, stress-run terhenti { $still } detik
server_was_stopped = server sempat dihentikan
wrong_bytes = { $clients } client memindahkan byte yang salah
counts_disagree =
    menurut client { $ok } sukses dan { $failed } gagal, menurut server { $server_ok } dan
    { $server_failed }
no_worker_served = server menghitung request yang tidak dilayani satu pun worker-nya
bytes_disagree = client menghitung { $bytes } byte, server { $server_bytes }
counts_afterwards = hitungan server sesudahnya: { $why }

## Rencana

plan_rows = { $rows } baris, { $cells } sel dalam { $repetitions }
plan_time = butuh sekitar { $time } dengan dua core; lebih lama kalau disk-nya lambat
plan_payload = memindahkan { $payload } isi berkas ({ $bytes } byte)
plan_disk = perlu { $disk } ruang disk untuk berkas sementara
plan_memory = perlu sekitar { $memory } memori
about_seconds = { $count } detik
about_minutes = { $count } menit
about_hours = { $count } jam

## Perbandingan dua pengukuran

comparison_columns =
    Operasi
    Volume (MiB)
    Client
    Worker
    Waktu A (s)
    Waktu B (s)
    Rasio B / A
    p, terkoreksi
    B
# Untuk tabel yang menghitung putusan.
tally_columns =
    Mode
    Baris
    Lebih cepat
    Lebih lambat
    ≤ 5%
    Belum pasti
    Tidak sebanding
    Rasio B / A
# Semua mode, semua volume, semua jumlah client.
all = semua
# Di atas alasan-alasannya.
nothing_compared = Tidak ada yang bisa dibandingkan:
not_compared = Tidak dibandingkan (--csv menyebut barisnya):
rows_because = { $count } baris: { $reason }
# Antarmode, satu beban berlaku untuk semua mode.
loads_because = { $count } beban: { $reason }
across_machines = Dengan --across-machines dua mesin tetap dibandingkan.
machines_differ = ANTARMESIN: perbedaan bisa berasal dari mesinnya, bukan dari programnya:
verdict_faster = lebih cepat
verdict_slower = lebih lambat
verdict_same = beda ≤ 5%
verdict_inconclusive = belum pasti
verdict_not_comparable = tidak sebanding
side_run = run ini
side_mode = mode { $mode }
other_machine = mesin lain: { $what } adalah { $in_a } di A dan { $in_b } di B
other_settings = pengaturan lain: { $what } adalah { $in_a } di A dan { $in_b } di B
side_invalid = { $side } INVALID
side_partial = { $side } PARTIAL
not_measured_in = tidak terukur di { $side }
clients_failed_in = { $count } client gagal di { $side }
too_many_repetitions = ulangan di { $side } terlalu banyak untuk diuji
comparison_notes =
    Waktu adalah rata-rata client pada satu baris, dari ulangan median. Rasio B / A adalah rasio
    kecepatannya, yaitu waktu A dibagi waktu B: di atas 1 berarti B lebih cepat; untuk beberapa
    baris diambil rata-rata geometriknya. Beda ≤ 5% adalah hasil ukur; itu bukan bukti bahwa
    keduanya sama cepat. Lebih cepat dan lebih lambat perlu selisih di atas 5% dan p terkoreksi paling besar 0,05: uji Mann-Whitney dua
    sisi yang eksak dengan paling sedikit 4 ulangan di tiap sisi, dikoreksi untuk jumlah baris
    (Benjamini-Hochberg). Belum pasti: di atas 5%, tetapi bisa saja kebetulan.

## Perbandingan mode

mode_columns =
    Volume (MiB)
    Client
    Mode
    Worker
    Goodput (MiB/s)
    Rasio
    Rentang 95%
    p, terkoreksi
    Putusan
which_mode = Mode yang mana?
# Di tempat putusan.
fastest = tercepat
operation_all_loads = { $operation }, semua beban
modes_under = { $load }: goodput { $fastest } tertinggi; { $others }.
# Satu mode di samping yang tercepat.
mode_same = { $mode } berbeda paling banyak 5% ({ $ratio } kali, rentang 95% { $range })
mode_slower = { $mode } lebih lambat ({ $ratio } kali, rentang 95% { $range })
mode_unsure = { $mode } mungkin lebih lambat ({ $ratio } kali, rentang 95% { $range })
mode_not_comparable = { $mode } tidak bisa dibandingkan
no_mode_tested =
    Mode mana yang lebih cepat belum bisa dipastikan dengan ulangan sesedikit ini; --repeat
    { $repetitions } bisa menunjukkannya.
no_mode_slower = Beban demi beban, tidak ada mode yang terbukti lebih lambat.
matrix_corner = × secepat
matrix_notes =
    Setiap sel menunjukkan berapa kali mode di barisnya secepat mode di kepala kolom, dan di bawahnya
    rentang 95%. Setiap mode memakai pool terbaiknya.
each_load = Mode pada setiap beban
how_judged = Cara menilainya
slower_under =
    Beban demi beban, { $mode } lebih lambat pada { $count } dari { $loads }, paling buruk { $worst }.
worst_under = { $ratio } kali kecepatan { $fastest } (rentang 95% { $range }; { $cell })
unsure_under =
    Pada { $unsure } dari { $loads } beban selisih antarmode lebih dari 5%, tetapi bisa saja
    kebetulan: p terkecil, dikoreksi untuk sekian banyak pasangan, adalah { $p }. Lebih banyak ulangan
    (--repeat) bisa menunjukkan bedanya.
mode_notes =
    Setiap mode diwakili pool dengan goodput tertinggi: semua byte dibagi waktu sampai client
    terakhir selesai, dari ulangan dengan goodput median. Pool dengan client gagal tidak
    diikutkan. Rasio adalah goodput itu dibagi goodput mode tercepat; rentang 95% memuat nilai
    sebenarnya, untuk satu baris saja. Semua beban: rata-rata geometriknya. Ulangan yang sama
    memilih pool dan diuji. Agar pilihan itu tidak menguntungkan satu mode, mode disebut lebih cepat
    hanya jika pool terbaiknya lebih cepat dari setiap pool mode lain, dan p dikalikan jumlah
    pool-nya. p berasal dari uji Mann-Whitney dua sisi yang eksak, dikoreksi juga untuk semua
    pasangan mode (Benjamini-Hochberg). Beda ≤ 5%: hasil ukur, bukan bukti bahwa keduanya
    sama cepat. Lebih lambat: di atas 5%,
    dan p paling besar 0,05. Belum pasti: di atas 5%, tetapi bisa saja kebetulan.

## Beban

ask_clients = Berapa client?
clients_needed = harus angka dari 1 sampai { $most }
ask_message = Pesan apa yang dikirim?
message_needed = pesannya tidak boleh kosong
too_few_workers =
    peringatan: server hanya punya { $workers } worker, dan satu worker melayani satu koneksi sampai koneksi
    itu ditutup. { $clients } client mempertahankan koneksinya, jadi sebagian menunggu sampai yang lain
    selesai; dengan --new-connection mereka bergantian
client_count = { $count } client
load_of = { $clients }, { $pace }: { $mix } ke { $server }
closed_loop = { $requests ->
        [1] masing-masing satu permintaan
       *[other] masing-masing { $requests } permintaan, satu per satu
    }
closed_loop_for = permintaan satu per satu selama { $duration }
open_loop = { $rate } permintaan per detik selama { $duration } (open loop)
response_time = Waktu respon
response_columns =
    Jenis
    Sukses / gagal
    Laju (1/s)
    KiB/s
    Rata-rata (ms)
    p50 (ms)
    p90 (ms)
    p99 (ms)
    p99,9 (ms)
    Terlama (ms)
first_byte = Latency sampai byte pertama
first_byte_columns =
    Jenis
    Rata-rata (ms)
    p50 (ms)
    p90 (ms)
    p99 (ms)
    p99,9 (ms)
    Terlama (ms)
each_client = Tiap client
client_columns =
    Client
    Sukses / gagal
    Laju (1/s)
    KiB/s
    Rata-rata (ms)
    p50 (ms)
    p99 (ms)
    Terlama (ms)
    Byte pertama, rata-rata (ms)
by_backend = Tiap backend
backend_columns =
    Backend
    Sukses / gagal
    Bagian
    Diulang di tempat lain
more_clients = dan { $count } client lagi; lihat dengan --json atau simpan dengan --out
longest_gap = Waktu terlama tanpa permintaan yang sukses: { $length }, mulai { $from }.
# Sekian permintaan gagal karena satu sebab; kalimatnya menceritakan lebih banyak.
failed_requests = { $count } gagal ({ $cause }): { $sentence }
unsent =
    { $count } permintaan tidak pernah dikirim karena tidak ada client yang bebas pada waktunya. Kalau ikut
    dihitung, waktunya lebih lama.
load_interrupted = Dihentikan. { $unfinished ->
        [0] Tidak ada permintaan yang sedang berjalan.
       *[other] { $unfinished } permintaan sedang berjalan dan tidak ditunggu.
    }
load_invalid = INVALID: { $why }
wrong_answers = { $count } jawaban salah
uploads_unverified = Upload tidak bisa diperiksa: { $why }
target_counts_nothing =
    Server tidak menghitung apa-apa, jadi hitungan client tidak bisa dicocokkan.
target_counts_unknown = Hitungan server tidak bisa dicocokkan: { $why }
both_counts = { $requests }: hitungan client { $clients }; hitungan server { $target }
counts_agree = Hitungan client dan server sama: { $counts }
# Yang gagal di client mungkin tidak terlihat oleh server, atau justru dijawab olehnya.
counts_fit = Hitungan cocok, kecuali yang gagal. { $counts }
# Yang diteruskan oleh balancer.
backends_fit =
    Hitungan semua server di belakang balancer cocok, kecuali yang gagal, LIST yang dikirim ke
    masing-masing server, dan token. { $counts }
# Semua server di belakang balancer, di depan hitungannya.
all_backends = semua server di belakang balancer
load_title = Beban pada { $server }
load_opening =
    Target menjawab { $rate } permintaan per detik; separuhnya memakan paling lama { $p50 } ms, dan satu
    dari seratus lebih dari { $p99 } ms.
load_unanswered = Tidak ada permintaan yang sukses.
load_begun = Beban sedang dikirim. Hasilnya tampil di sini setelah selesai.
load_measuring = permintaan sejauh ini: { $counts }
load_answered_note = permintaan dalam { $time }
load_mean = Rata-rata (ms)
load_mean_note = paling lama { $longest } ms
load_gap_note = tanpa satu pun yang sukses, mulai { $from }
load_figure = Sebaran waktu jawaban
load_caption = Pada p99 satu dari seratus permintaan lebih lama. Setiap garis adalah satu jenis permintaan.
load_panel = waktu jawaban (ms), menurut kuantil
load_notes =
    Waktu dihitung untuk permintaan yang sukses, sampai byte terakhir dan sampai byte pertama dari jawaban.
    Pada closed loop waktu dihitung sejak client bebas, pada open loop sejak permintaan itu seharusnya
    dikirim, entah ada client yang bebas atau tidak. Kuantil paling banyak 0,1% terlalu lama. Laju dihitung
    sejak semua client dilepas sampai akhir permintaan terakhir pada baris itu.

## Penyeimbang beban

balance_measured = Hasil pengukuran
balance_measured_columns =
    Skenario
    Kebijakan
    Sukses / gagal
    Diulang
    Rata-rata (ms)
    p50 (ms)
    p99 (ms)
    Terlama (ms)
    Jeda terlama (ms)
balance_worlds = Di atas kertas, disimulasikan, diukur
balance_worlds_columns =
    Skenario
    Kebijakan
    Rata-rata di atas kertas (ms)
    Rata-rata simulasi (ms)
    Rata-rata terukur (ms)
    p99 simulasi (ms)
    p99 terukur (ms)
    Bagian a di atas kertas
    Bagian a simulasi
    Bagian a terukur
balance_calibrating = mengukur waktu satu permintaan di luar layanannya
balance_calibrated =
    di luar layanannya satu permintaan menyibukkan worker-nya { $worker } ms, dan di perjalanan { $transit } ms
balance_of =
    { $servers } server di belakang penyeimbang, masing-masing dengan { $workers } worker. Setiap server diminta
    memakai { $service } ms per permintaan. Permintaan yang datang membuat semuanya { $utilisation } sibuk; jika sesuatu
    terjadi pada satu server, yang lain saja akan sesibuk itu. Sekitar { $requests } permintaan per baris, dalam
    { $repetitions }.
balance_besides =
    Permintaan menunggu di server, paling banyak { $places } di masing-masing. Di luar layanannya satu permintaan
    menyibukkan worker-nya { $worker } ms, dan di perjalanan { $transit } ms, juga di atas kertas dan dalam simulasi.
balance_row = { $number }/{ $all }: { $scenario }, { $policy }
balance_quick = QUICK: baris-barisnya terlalu singkat untuk diandalkan
balance_invalid = INVALID: { $row }: { $why }
balance_as_simulated =
    Pada { $within } dari { $rows } baris, rata-rata dan p99 berada dalam { $band } dari hasil simulasi; yang
    terjauh { $worst }, dengan { $mean } pada rata-rata dan { $p99 } pada p99.
balance_side =
    Rata-rata terukur berada di bawah rata-rata simulasi pada { $below } dari { $rows } baris: selisihnya dari { $least }
    sampai { $most }, dan yang di tengah { $middle }.
balance_overhead_long =
    Respons tersingkat { $measured } ms, dan dalam simulasi { $simulated } ms: waktu permintaan di luar layanannya
    (overhead) diukur sebelum baris-baris ini, dan saat itu lebih lama.
balance_below_paper =
    { $below } dari { $rows } rata-rata terukur berada di bawah yang paling singkat di atas kertas: di atas kertas
    dipakai overhead yang sama dengan simulasi.
balance_slow =
    Dengan satu server { $times } kali lebih lambat dari yang lain, rata-ratanya: { $order }. { $best } mengirim
    { $best_share } dari semua permintaan ke server yang lambat, { $worst } { $worst_share }.
# Tentang round-robin, setelah balance_slow.
balance_full =
    { $policy } mengirimnya lebih dari yang sanggup dilayani: server itu segera memegang { $places } permintaan, batas
    yang dikirim penyeimbang sekaligus, dan sisanya ke server lain.
balance_equal = Jika semua server sama, rata-ratanya: { $order }.
balance_once =
    Setiap baris diukur satu kali, jadi sebarannya tidak diketahui: rata-rata yang berdekatan tidak menunjukkan kebijakan
    mana yang lebih baik.
balance_incidents =
    Selama satu server dimatikan, dihentikan, atau dikosongkan, { $failed } dari { $all } permintaan gagal dan
    { $retries } dikirim ulang; respons terlama { $longest } ms ({ $row }).
balance_pause =
    Waktu terlama tanpa satu pun jawaban { $gap } ms di sana, dan { $undisturbed } ms jika tidak ada yang terjadi pada
    server yang sama.
balance_pause_common = Jeda itu mulai pada saat yang sama di semua baris ini: kedatangannya, yang sama, berhenti sejenak di situ.
balance_scenarios =
    Skenario: equal: semua server sama; unequal: server a memakai waktu { $times } kali lipat; killed, stopped, drained: itu
    terjadi pada a dari sepertiga sampai dua pertiga waktu (stopped diam di tempat, drained tidak mendapat permintaan
    baru); burst: permintaan datang { $burst } sekaligus.
balance_policies =
    Kebijakan: round-robin bergiliran; least-connections memilih server dengan permintaan berjalan paling sedikit;
    two-choices mengundi dua server dan memilih yang lebih sedikit; peak-ewma mengundi dua dan memilih yang diperkirakan
    lebih cepat menjawab, menurut waktu terakhirnya dan permintaan yang sedang berjalan di sana.
balance_notes =
    Waktu dihitung untuk permintaan yang berhasil, dari saat permintaan itu jatuh tempo sampai byte terakhir
    jawabannya. Jeda terlama adalah waktu terlama tanpa satu pun keberhasilan. Diulang: permintaan yang
    dikirim lagi setelah servernya hilang. Bagian a adalah bagian dari semua permintaan yang dijawab server a, yaitu yang
    lambat, atau yang dimatikan, dihentikan, atau dikosongkan. Dari beberapa ulangan ditampilkan yang rata-ratanya median.
    Simulasi menjalankan kode penyeimbang yang sama dalam waktu virtual, dengan kedatangan dan undian yang sama.
    Setiap baris yang servernya tidak diganggu mencapai keadaan tetap, karena server yang mendapat lebih dari yang
    sanggup dilayani lama-lama penuh dan tidak mendapat lagi. Di atas kertas: rata-rata dalam jangka panjang, dengan
    overhead yang sama seperti dalam simulasi. Dengan overhead itu tidak ada kebijakan yang bisa lebih baik dari satu
    antrean untuk semua worker (M/D/c), dan giliran di antara server yang sama sebaik itu. Jika satu server tidak ada
    selama sepertiga waktu, batas bawahnya kira-kira rata-rata antrean itu dengan dan tanpa server tersebut. Melihat
    permintaan yang sedang berjalan tidak lebih buruk dari mengundi (M/D/1, dengan satu worker). Ledakan dilayani dalam
    beberapa putaran, dan server yang sama mendapat bagian yang sama. Kolom di atas kertas kosong jika rumusnya tidak
    diketahui.

balance_opening =
    Dengan satu server { $times } kali lebih lambat daripada yang lain, permintaan rata-rata memakan: { $order }.
balance_opening_equal = Jika semuanya sama, { $best } paling singkat, { $mean } ms.
balance_not_ranked = Satu server yang lambat tidak diukur dengan dua kebijakan.
balance_pair = { $row }: terukur { $measured } ms, diharapkan { $expected } ms
balance_quantile = { $policy }, p{ $quantile }: terukur { $measured } ms, simulasi { $simulated } ms
balance_answered = Dijawab
balance_answered_note = permintaan, dalam { $rows } baris
balance_failures_note = dari { $requests } permintaan, termasuk yang tidak sempat dikirim client
balance_agreeing = Sesuai simulasi
balance_agreeing_value = { $within } dari { $rows } baris
balance_agreeing_note = rata-rata dan p99 berbeda paling banyak { $band } dari simulasi
balance_gap = Jeda terlama
balance_longest = Respons terlama
balance_longest_note = selama satu server dimatikan, dihentikan, atau dikosongkan ({ $row })
balance_disturbed = DISTURBED: ada beban lain atau terhenti saat { $rows } dari { $all } baris diukur
balance_why_off = { $others ->
        [one] Satu baris di luar itu ({ $names }) { $disturbed ->
            [0] tidak terganggu
           *[other] terganggu
        } program lain.
       *[other] Dari { $others } baris di luar itu ({ $names }), { $disturbed } terganggu program lain.
    }
balance_title = Penyeimbang beban dan server-servernya, { $started }
balance_distances_title = Seberapa jauh waktu terukur dari simulasi, dan dari hitungan di atas kertas
balance_worlds_caption =
    Setiap tanda adalah satu kebijakan pada satu skenario. Di kiri garis, waktu terukur lebih singkat dari perkiraan; di
    kanan lebih lama.
balance_simulated_mean = Rata-rata, dibanding simulasi
balance_simulated_p99 = p99, dibanding simulasi
balance_paper_mean = Rata-rata, dibanding hitungan yang berupa satu angka
balance_distance_axis = terukur dibagi perkiraan, dikurangi satu
balance_band = dalam { $band }
balance_latencies_title = Sebaran waktu respons
balance_latencies_caption =
    Garis adalah hasil ukur, titik hasil simulasi. Pada p99 satu dari seratus permintaan lebih lama; tanda terakhir adalah
    yang terlama dari semuanya.
balance_latencies_columns =
    Skenario
    Kebijakan
    Kuantil
    Simulasi (ms)
    Terukur (ms)
balance_simulated = simulasi, dengan warna kebijakannya
balance_quantile_axis = kuantil
balance_shortest = min
balance_axis_longest = terlama
balance_shares_title = Server mana menjawab berapa banyak
balance_shares_caption =
    Bagian setiap server dari semua jawaban dalam seperduapuluh waktu, a paling bawah. Kedua garis adalah saat
    sesuatu terjadi pada a, dan saat hal itu dipulihkan.
balance_shares_columns =
    Skenario
    Kebijakan
    Dari (s)
    Sampai (s)
    Bagian a, b, dan seterusnya
balance_seconds = detik
balance_incidents_title = Yang terjadi pada satu server, dan yang dirasakan client
balance_incidents_caption =
    Respons terlama di antara permintaan yang jatuh tempo dalam setiap seperenampuluh waktu. Kedua garis adalah
    saat hal itu terjadi pada a, dan saat a kembali. Semua kebijakan bersama:
balance_cost = { $scenario }: { $failed } gagal, { $retries } dikirim ulang, respons terlama { $longest } ms
balance_back = kembali
balance_failed = ada yang gagal
balance_incidents_columns =
    Skenario
    Kebijakan
    Dari (s)
    Sukses
    Gagal
    Terlama (ms)
balance_compared_columns =
    Skenario
    Kebijakan
    Rata-rata A (ms)
    Rata-rata B (ms)
    p99 A (ms)
    p99 B (ms)
    Rasio B / A
    p, terkoreksi
    B
balance_raw_rows = setiap baris dengan semua angkanya
balance_raw_quantiles = sebaran waktu respons, terukur dan simulasi
balance_raw_servers = jawaban setiap server sampai suatu saat, menurut hitungan penyeimbang
balance_raw_slices = yang jatuh tempo dalam setiap seperenampuluh waktu: jumlahnya, dan yang terlama
term_filebalancer = Digest filebalancer

## Laporan: judul-judul dan tabelnya

report_title = Stress test file server, { $started }
measured =
    Mode server: { $modes }. { $rows } dari { $planned } baris terukur, dalam { $repetitions }.
not_reportable = Angka ini jangan dikumpulkan
trial_run = Uji coba: angka ini jangan dikumpulkan
findings = Temuan
figures = Gambar
tables = Tabel
meaning = Arti angka-angkanya
about_tables =
    Inilah sembilan kolom yang juga ada di file CSV dan workbook. Pengukuran ini punya
    { $repetitions }; semua angka satu baris berasal dari ulangan yang sama, yaitu ulangan median.
    Di kolom waktu dan throughput, sel yang lebih gelap dalam satu kelompok punya angka yang lebih
    besar. Angka kecil di belakang sebuah nilai menunjuk ke catatan di bawah tabel: mengapa nilai
    itu benar walaupun mengherankan. Di balik “rincian” ada dasar penilaian baris itu dan letak
    catatan mentahnya. Rentang di sana mulai dari waktu rata-rata ulangan yang terkecil sampai yang
    terbesar; mulai { $confidence_min } ulangan, rentang itu adalah interval kepercayaan 95% untuk
    median.
details = rincian
row_terms =
    Rentang waktu rata-rata
    Waktu rata-rata tiap ulangan
    Goodput semua client bersama
    Client terakhir selesai setelah
    Rata-rata menunggu worker
    Waktu rata-rata menurut model (galat)
    Batas atas
    Bagian dari batas atas
    Memori puncak server
    Keterangan
    Beban lain pada mesin
    Catatan mentah
raw_row = { $file } dan workers.jsonl.gz: { $columns } (ulangan yang tampil di sini)

## Laporan: mengapa sebuah angka di tabel benar walaupun mengherankan

note_disturbed =
    Selama baris ini diukur, mesin punya beban lain atau sempat berhenti; “rincian” menunjukkan
    seberapa besar. Kalau diukur sendirian, hasilnya mungkin lebih cepat.
note_mean =
    Rata-rata ini lebih rendah daripada dengan worker terbanyak, padahal server tidak lebih cepat:
    worker yang sedikit melayani client satu per satu, sehingga client pertama cepat selesai dan
    menarik rata-rata ke bawah. Client terakhir selesai sama lambatnya atau lebih lambat (lihat
    “client terakhir selesai setelah” di rincian kedua baris).
note_limited =
    Client mencapai sedikitnya { $limit } dari yang dicapai client yang sama dengan server yang tidak
    melakukan apa-apa. Jadi baris ini menunjukkan kecepatan client; server mungkin lebih cepat.
note_failed = Ada client yang gagal. Waktu dan throughput dihitung dari yang sukses; penyebabnya ada di “rincian”.
note_bursts =
    Worker yang melayani lebih banyak daripada client: baris ini singkat, jadi client-nya mulai
    berulang kali, sebanyak burst yang tertulis. Pada setiap burst satu client dilayani satu worker,
    tetapi tidak selalu yang sama. Yang dihitung adalah worker yang melayani pada burst mana pun.
note_idle =
    Worker yang melayani lebih sedikit daripada pool, padahal client-nya cukup untuk semua: worker
    yang cepat selesai mengambil client berikutnya juga. Worker yang tidak melayani siapa pun tidak
    dihitung, jadi jumlah keduanya tidak sama dengan pool.
flag_disturbed = pada { $disturbed } dari { $repetitions } ulangan: { $why }
flag_attempts = { $attempts } percobaan untuk { $repetitions } ulangan; yang dihitung yang terakhir
flag_invalid = INVALID: { $why }
flag_server = server gagal: { $why }
## Laporan: layar pertama

opening_failed = { $failed } dari { $clients } client gagal.
opening_untested =
    Mode mana yang lebih cepat tidak bisa diketahui dari { $repetitions }: perbedaannya sampai
    { $apart } ({ $operation }), dan itu mungkin hanya kebetulan.
opening_same =
    Tidak ada mode yang terbukti lebih cepat. Untuk semua beban, masing-masing dengan pool terbaiknya,
    perbedaannya paling banyak { $apart } ({ $operation }); separuh dari semua baris berbeda { $scatter } atau
    lebih kalau diukur lagi.
# Sekian beban dari satu mode.
slower_in = { $mode } pada { $count }
opening_slower = Ada mode yang lebih lambat daripada yang tercepat, dari { $loads } beban: { $slower }.
opening_pools =
    Pada mode { $mode }, server terbaik untuk { $operation } ({ $load }) adalah { $pool } dengan
    { $rate }, { $ratio } kali yang dicapai pool terburuk ({ $worst }).
tile_verified = Diperiksa
tile_verified_note =
    setiap byte dari { $transfers } transfer diperiksa; pada baris dengan beberapa gelombang satu client
    membuat beberapa transfer
tile_failures = Kegagalan
tile_failures_note = dari { $clients } client, pada semua percobaan
tile_best = Laju terbaik
tile_best_note = { $operation }, semua client bersama ({ $row })
tile_apart = Perbedaan mode
tile_apart_note = paling banyak, pada { $operation } untuk semua beban.
tile_repetitions = Ulangan
tile_scatter = Baris yang sama, kalau diukur lagi, berbeda { $scatter } (baris median).
tile_no_scatter = Satu ulangan: tidak diketahui seberapa besar perbedaan karena kebetulan.
by_hand =
    Nilai: arahkan mouse ke sebuah tanda, atau pilih panel dengan Tab lalu tombol panah. Klik kepala
    kolom untuk mengurutkan tabel.

## Laporan: temuan

# Satu nilai dan baris asalnya.
of_row = { $value } ({ $row })
nothing_measured =
    Tidak ada baris yang punya waktu: belum ada yang terukur, atau semua transfer gagal.
failures =
    { $failed } dari { $clients } client gagal, pada { $rows } baris; terbanyak pada { $row }
    ({ $causes }).
best = Tercepat untuk { $load }, semua client bersama-sama: { $servers }.
best_server = { $operation } { $rate } pada mode { $mode } dengan { $workers } ({ $source })
# Dari semua ulangan satu baris.
range = rentang { $low }–{ $high }
# Pool terkecil di samping yang terbesar: artinya bagi satu client, lalu bagi semuanya.
turns = Pada mode { $mode }, { $operation }, { $load }: { $mean } { $batch } ({ $rows }).
turns_misleading =
    dengan { $few } rata-rata client selesai lebih cepat daripada dengan { $many }, setelah
    { $few_time }, bukan { $many_time }, tetapi semua client bersama-sama
turns_plain =
    rata-rata client selesai setelah { $few_time } dengan { $few } dan setelah { $many_time } dengan
    { $many }; dengan worker lebih sedikit semua client bersama-sama
batch_shorter = butuh waktu lebih sedikit, { $few }, bukan { $many }
batch_same = butuh waktu yang sama, { $few } dan { $many }
batch_longer = butuh waktu lebih lama, { $few }, bukan { $many }
limited =
    { $rows } dari { $of } baris dibatasi oleh client: baris itu mencapai { $limit } atau lebih dari
    yang dicapai client yang sama dengan server yang tidak melakukan apa-apa.
# Sesudahnya.
limited_unknown =
    Dari { $rows } baris lain tidak disimpulkan apa-apa: baris itu melebihinya sepersepuluh
    atau lebih, jadi batas itu pasti diukur dalam keadaan yang lebih buruk.
lists_soonest =
    Dengan { $clients } client sekaligus, { $server } paling cepat menjawab LIST: rata-rata setelah
    { $mean } s, dengan nama { $files } file.

## Laporan: gambar

figure = Gambar { $number }
data_behind = Data gambar ini
nothing_to_draw = Tidak ada yang bisa digambar
# Dari yang terkecil sampai yang terbesar untuk satu operasi, masing-masing dengan barisnya.
least_to_most = { $operation } dari { $least } sampai { $most }

cost_title = Biaya base64
cost_caption =
    Setiap tanda membandingkan satu baris dengan base64 (GET, UPLOAD) dan baris yang sama dengan byte apa
    adanya (FETCH, STORE). Di kiri ada volume dan jumlah client. Di sebelah kanan angka 1, base64 lebih
    mahal. Rata-rata geometris semua baris: { $costs }. Detik CPU adalah milik server dan client
    bersama-sama, untuk 10⁹ byte isi berkas. Gambar lain menunjukkan baris dengan base64.
cost_found = Dengan base64, bukan byte apa adanya, menurut rata-rata geometris semua baris: { $costs }.
cost_of = { $operation } { $costs }
cost_time = waktu × { $ratio }
cost_cpu = detik CPU per GB × { $ratio }
cost_goodput = goodput ÷ { $ratio }
cost_pair = { $base64 } dengan base64, { $raw } tanpa base64: { $ratio } kali
cost_cpu_value = { $seconds } s CPU/GB
cost_mean = rata-rata geometris satu beban
cost_axis = kali
# Di judul setiap panel.
cost_measures =
    waktu rata-rata satu client, base64 / raw
    detik CPU per GB, base64 / raw
    goodput, raw / base64
cost_columns =
    Mode
    Operasi
    Volume
    Client
    Server worker
    Waktu, base64 (s)
    Waktu, raw (s)
    base64 / raw
    CPU, base64 (s/GB)
    CPU, raw (s/GB)
    base64 / raw
    Goodput, base64 (MiB/s)
    Goodput, raw (MiB/s)
    raw / base64
no_cost = Tidak ada baris yang diukur dengan base64 dan tanpa base64.

gantt_title = Kapan tiap client menunggu dan kapan dilayani
gantt_caption =
    Setiap batang adalah satu client: { $operation }, { $load }, diurutkan menurut worker, yang
    nomornya ada di kiri. “thread 5” adalah mode thread dengan 5 worker. Persentasenya adalah bagian waktu
    yang dipakai client untuk menunggu, sejak mulai sampai ada worker yang bebas. Barisnya: { $rows }.
gantt_left_out = { $row } tanpa { $left_out } client yang tidak punya linimasa
gantt_panel = { $server }: { $share } menunggu
gantt_bar =
    client { $client } ({ $worker }): dilayani dari { $waited } sampai { $finished }
gantt_waiting = menunggu worker
gantt_served = dilayani, dalam warna mode (dua corak membedakan worker)
gantt_axis = detik sejak mulai
gantt_play = Putar
gantt_pause = Jeda
gantt_step = Langkah
gantt_state = { $waiting } menunggu, { $served } dilayani, { $done } selesai
gantt_columns =
    Mode
    Worker
    Client
    Diambil setelah (s)
    Byte terakhir setelah (s)
no_timeline =
    Garis waktunya tidak ada: workers.jsonl.gz tidak ada, atau server tidak mencatat kapan transfer
    yang sukses dengan beban ini diambil worker.

goodput_title = Goodput terhadap jumlah client
goodput_caption =
    Satu tanda adalah ulangan median satu baris; garisnya dari ulangan terkecil sampai yang
    terbesar. Rentang semua baris: { $ranges }. { $limited }
no_ceiling =
    Batas atas tidak diukur, jadi tidak diketahui baris mana yang dibatasi client.
goodput_ceiling = batas atas: yang dicapai client dengan server yang tidak melakukan apa-apa
goodput_axis = client
goodput_panel = { $operation } { $volume }, { $pool } (MiB/s)
goodput_others = Hal yang sama untuk { $volumes }
goodput_columns =
    Mode
    Operasi
    Volume
    Client
    Server worker
    Median (MiB/s)
    Terkecil (MiB/s)
    Terbesar (MiB/s)
    Batas atas (MiB/s)

time_title = Ke mana waktu rata-rata satu client habis
time_caption =
    { $load } (ulangan median). Menunggu worker, sejak tersambung, memakan { $least } sampai
    { $most } dari waktu rata-rata; komputasi client paling banyak { $cpu }, menunggu prosesor
    paling banyak { $run_queue }.
# Menurut urutan tumpukannya.
time_parts =
    antrean: menunggu worker
    run queue: menunggu prosesor
    CPU: komputasi client
    blocked: menunggu server, jaringan, atau disk
time_axis = rata-rata detik per client
time_columns =
    Mode
    Operasi
    Server worker
    Antrean (s)
    Run queue (s)
    CPU (s)
    Blocked (s)
    Jumlah (s)
no_time_parts = Rincian waktunya tidak tersedia: server atau sistem tidak mencatatnya.

dots_title = Waktu setiap client
dots_caption =
    { $load } (ulangan median). Waktu client terakhir dibagi waktu rata-rata: { $ratios }.
dots_panel = { $operation } (s), menurut mode dan pool
dots_client = satu client
dots_mean = rata-rata
dots_last = client terakhir
dots_columns =
    Mode
    Operasi
    Server worker
    Rata-rata (s)
    Terakhir (s)
    Setiap client, dari yang tercepat (s)
no_clients =
    Waktu tiap client tidak ada: workers.jsonl.gz tidak ada, atau tidak berisi transfer yang sukses.

memory_title = Memori puncak server terhadap goodput
memory_caption =
    { $load }. Server dengan memori paling sedikit dan paling banyak: { $ends }. Memori yang dipakai
    bersama oleh beberapa proses dihitung sekali (PSS).
memory_ends =
    { $operation } { $least } dan { $most }, memori { $memory } kali lipat untuk goodput { $goodput }
    kali lipat
memory_end = { $memory } MiB untuk { $goodput } MiB/s
memory_axis = memori puncak (MiB)
memory_columns =
    Mode
    Operasi
    Server worker
    Memori puncak (MiB)
    Goodput (MiB/s)
no_memory =
    Memori server tidak ada: server tidak dijalankan oleh pengukuran ini, atau sistem tidak
    mencatatnya.

prediction_title = Waktu rata-rata: prediksi terhadap pengukuran
prediction_caption =
    Model memprediksi waktu rata-rata { $within } dari { $rows } baris dengan lebih dari satu client
    dengan selisih paling banyak { $band }. Selisih terbesarnya { $worst }.
prediction_band = selisih paling banyak { $band }
prediction_axis = prediksi rata-rata (s)
prediction_panel = { $mode }, terukur (s)
prediction_pair = terukur { $measured }, menurut model { $predicted } ({ $error })
prediction_columns =
    Mode
    Operasi
    Volume
    Client
    Server worker
    Prediksi (s)
    Terukur (s)
    Selisih
no_prediction =
    Tidak ada prediksi: perlu baris dengan satu client dan pool terkecil, waktu prosesornya (hanya
    ada bila server dijalankan oleh pengukuran ini), serta baris dengan lebih banyak client.

## Laporan: arti angka-angkanya

about_goodput_head = Goodput dan client terakhir
about_goodput =
    Goodput adalah jumlah byte semua client dibagi waktu sejak mereka mulai sampai client terakhir
    selesai. Waktu rata-rata saja bisa menyesatkan: kalau client mengantre untuk sedikit worker,
    client yang dilayani lebih dulu cepat selesai sehingga rata-ratanya kecil, padahal semua client
    bersama-sama butuh waktu yang sama atau lebih lama. Baca rata-rata, client terakhir, dan goodput
    bersama-sama.
about_prediction_head = Prediksi
about_prediction =
    Dengan C client, W worker, K prosesor, R1 waktu (detik) satu client sendirian, dan D waktu
    prosesor (detik) client dan server untuk satu transfer: a = min(C, W) transfer dilayani
    sekaligus (pada mode async a = C), transfer selesai dengan laju X = min(a / R1, K / D), waktu
    rata-ratanya a (⌈C/a⌉ + 1) / (2X), dan client terakhir selesai setelah C / X. R1 dan D diukur
    pada baris dengan satu client dan pool terkecil. Baris dengan selisih paling banyak { $band }
    dihitung cocok. Pada satu baris semua C client mulai sekaligus, jadi rumus antrean dengan
    kedatangan tidak berlaku.
about_ceiling_head = Batas atas
about_ceiling =
    Goodput yang dicapai client yang sama dengan server yang tidak melakukan apa-apa selain menerima
    atau mengirim byte. Baris yang mencapai { $limit } atau lebih menunjukkan kemampuan client;
    server mungkin lebih cepat. Dari baris yang lebih dari 10% di atasnya tidak ditarik kesimpulan:
    batas atasnya diukur dalam kondisi yang lebih buruk.
about_disturbance_head = Gangguan
about_disturbance =
    Selama satu sel diukur, program lain dan host mesin ini boleh memakai { $share } waktu prosesor
    ditambah { $tolerance }, karena ketelitian jam sistem terbatas, dan tidak boleh ada memori yang
    di-swap. Sel yang gangguannya melebihi batas itu diukur ulang, paling banyak dua kali; percobaan
    terakhir yang dihitung dan semua percobaan disimpan. Waktu prosesor yang dipakai host untuk disk
    ikut dihitung sebagai waktu host. Kalau servernya sudah berjalan sebelum pengukuran, yang
    diperiksa hanya host dan swap.

## Laporan: keterangan lengkap

disclosure = Keterangan lengkap
unknown = tidak diketahui
term_cpu = Prosesor
term_cores = Core
term_memory = Memori
term_swap = Swap
term_kernel = Kernel
term_filesystem = Sistem berkas
term_load = Load sebelum mulai
term_tcp_rmem = Buffer terima TCP (byte)
term_tcp_wmem = Buffer kirim TCP (byte)
term_huge_pages = Transparent huge page
term_version = Versi
term_commit = Commit
term_rustc = Compiler
term_build = Build
term_stress_run = Digest stress-run
term_fileserver = Digest fileserver
term_command_line = Baris perintah
term_started = Mulai
term_resumed = Dilanjutkan
term_connected_to = Terhubung ke
term_injected = Gangguan yang disuntikkan
term_timeout = Batas waktu (s)
term_preset = Preset
term_servers = Server
term_operations = Operasi
term_encodings = Isi berkas dikirim sebagai
term_volumes = Volume
term_clients = Client
term_client_pool = Client pool
term_sink = Hasil download
term_repetitions = Ulangan
term_seed = Seed
term_min_time = Waktu minimum satu sel (s)
term_reruns = Pengukuran ulang sel yang terganggu, paling banyak
term_rows = Baris dalam rencana
term_payload = Payload dalam rencana
sink_file = ditulis ke berkas
sink_null = di-decode dan di-hash, tidak ditulis
raw_files = Berkas sumber laporan ini
raw_environment = mesin, program, dan rencana
raw_cells = setiap percobaan untuk setiap sel, dengan semua statistiknya
raw_ceilings = yang dicapai client dengan server yang tidak melakukan apa-apa
raw_workers = setiap transfer setiap client, dengan catatan waktu dari server
cores = { $count } core
unknown_cpu = CPU tidak diketahui
unknown_kernel = kernel tidak diketahui
unknown_filesystem = sistem berkas tidak diketahui
