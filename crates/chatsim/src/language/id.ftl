# Yang dicetak chatsim, dalam bahasa Indonesia. Nama sebuah teks mengatakan untuk apa; { $values } diisikan.

predicted = prediksi
simulated = simulasi
live = langsung
broker = broker
unknown = tidak diketahui
report = Laporan
findings = Yang ditemukan
figures = Gambar
by_hand =
    Nilai: arahkan mouse ke sebuah tanda, atau pilih panel dengan Tab lalu tombol panah. Klik kepala
    kolom untuk mengurutkan tabel.
not_reportable = Angka ini jangan dikumpulkan
delivered_by = { $world }: { $part }% dari yang sampai sudah ada setelah { $time } ms
tile_sent = Pesan
tile_sent_note = dalam { $cases } kasus
tile_delivered_note = dari kasus dengan yang paling sedikit sampai yang paling banyak
tile_agreeing = Sesuai teori
tile_agreeing_value = { $agreeing } dari { $tested }
tile_agreeing_note = angka yang bisa dibandingkan dengan teori, dari semua kasus dan sumber
tile_farthest = Terjauh dari teori
tile_farthest_note = galat baku ({ $case }, { $measure }, { $world })
table = Tabel
meaning = Arti angka-angkanya
costs = Biaya waktu nyata
disclosure = Cara membuatnya
nothing_to_draw = Tidak ada catatan yang bisa digambar
data_behind = Angka di balik gambar
figure = Gambar { $number }
milliseconds = milidetik

## Sebuah percobaan

title_experiment = Eksperimen { $number }: { $name }, { $started }
title_sweep = Retry dan timeout, { $started }
what =
    { $cases } kasus, masing-masing { $messages } pesan, dengan seed { $seed }. Seed yang sama memberi nasib yang sama
    kepada paket di semua kasus.
conditions = Kondisi setiap kasus
in_common = Sama di semua kasus yang memilikinya: { $conditions }.
different = Berbeda, seperti di tabel kondisi: { $conditions }.
no_window = tidak ada
sent_every = setiap { $interval } ms
sent_when_there_is_room = saat ada tempat di window
lost_in_bursts = { $percent }, burst { $length } s
lost_apart = { $messages }, ACK { $acks }
timeout_doubled = { $timeout }, dua kali lipat setiap kali
subscribers_in_order = { $subscribers }, berurutan
condition_columns =
    Kasus
    Hilang
    Waktu paket di jalan (ms)
    Retry
    Timeout (ms)
    Window
    Pesan dikirim
    Subscriber
case_done = { $number }/{ $all }: { $case }
watch_at = ikuti percobaan ini di { $url }
watch_begins = Percobaan dimulai
watch_now = { $done } dari { $all } kasus selesai; sekarang { $case }
watch_over = Percobaan selesai. Halaman ini tetap seperti sekarang.
watch_lost = Percobaan sudah berakhir atau tidak terjangkau lagi. Halaman ini tetap seperti sekarang.
time_left = sisa { $time }
stopped = dihentikan: { $kept ->
        [0] belum ada yang lengkap di { $dir }
       *[other] catatan dari { $kept } kasus lengkap dan disimpan; `chatsim report { $dir }` membuat tabelnya
    }
stopped_nothing = dihentikan: tidak ada yang disimpan, karena perintah ini tidak menulis berkas
broker_carries = { $address } membawa pesan { $cases } kasus sekaligus: sekitar { $seconds } s
left_out = { $case }, { $world }: dilewati, karena akan memakan { $minutes } menit
broker_away = broker di { $address } tidak terjangkau sejak { $since } UTC; pesannya menunggu sampai broker kembali, paling lama { $seconds } detik
broker_back = broker di { $address } kembali setelah { $seconds } detik; pesannya berlanjut
mark_partial = SEBAGIAN: belum ada simulasi untuk { $cases }
notes =
    Sumber mengatakan dari mana angka satu baris: prediksi teori, simulasi dalam waktu virtual, langsung dengan timer
    nyata, atau dengan broker yang membawa pesannya. Bagian dan jumlah dihitung per pesan dan per subscriber. Pesan yang
    sampai masih bisa dilaporkan gagal: tidak satu pun ACK-nya datang tepat waktu. Latensi dihitung dari pengiriman
    pertama sampai pesan pertama kali diterima, hanya untuk pesan yang sampai; p99 tidak dilampaui oleh 99% di antaranya.
    Sebuah pesan menempati window sampai dikonfirmasi atau dihentikan. Prediksi datang dari teori peluang saja. Dua kolom
    terakhir mengatakan berapa angka dari kasus dan sumber baris itu yang sesuai dengannya (selisihnya kurang dari 4,2
    galat baku, yang secara kebetulan dilampaui satu dari 37.000 angka), dan berapa galat baku selisih yang terjauh.
    Angka yang tidak punya kolom ikut dihitung; waktu langsung dan broker tidak, karena teori tidak mengenal timer yang
    terlambat.

## Eksperimen

experiment_normal = Direct dan PubSub dalam kondisi normal
experiment_high_loss = Loss rate tinggi
experiment_latency = Latensi dan throughput
experiment_parameters = Retry dan timeout PubSub
experiment_bursts = Kehilangan yang datang bersamaan

expected_normal = PubSub lebih reliable, tetapi latensinya lebih tinggi.
expected_high_loss = dengan retry PubSub tetap mengirim sebagian besar pesan; Direct kehilangan banyak.
expected_latency = latensi tinggi menurunkan throughput.
expected_parameters = retry tinggi dan timeout panjang membuat reliable, tetapi lambat.
expected_bursts = menurut loss rate saja, dengan dua retry hanya satu dari seribu pesan tidak sampai.

found_beside = Yang diharapkan sebelum percobaan: { $expected } Yang ditemukan: { $found }
beside_theory = { $observed } (teori: { $theory })
found_normal =
    PubSub menyampaikan { $pub_sub } dalam { $pub_sub_ms } ms dan Direct { $direct } dalam { $direct_ms } ms secara
    rata-rata. Namun sepuluh pesan belum tentu menunjukkannya: di { $not_worse } dari { $classes } kelas dengan sepuluh
    pesan, Direct menyampaikan sama banyak (teori: { $theory } dari semua kelas).
found_high_loss =
    PubSub menyampaikan { $pub_sub }, dengan 5 retry { $persistent }, dan Direct { $direct }. Namun { $failed } pesan
    PubSub sampai tetapi dilaporkan gagal, karena ACK-nya hilang (teori: { $theory }).
found_latency =
    Dengan window { $window } pesan, jaringan cepat menyampaikan { $fast } pesan per detik dan jaringan lambat { $slow }.
    Tanpa window keduanya menyampaikan { $fast_open } dan { $slow_open }, berapa pun latensinya: yang membatasi adalah window.
found_same_delivered =
    Timeout tidak mengubah apa yang sampai: dengan jumlah retry yang sama, setiap timeout menyampaikan pesan sama banyak.
    Itu sudah pasti dari cara membuatnya, karena semua kasus menemui nasib yang sama.
found_other_delivered = Dengan jumlah retry yang sama, tidak semua timeout menyampaikan pesan sama banyak; menurut teori itu mustahil.
found_parameters =
    Timeout menukar duplikat dengan waktu: dengan { $retries } retry, timeout { $short } ms menghasilkan
    { $short_duplicates } duplikat per pesan dan sampai dalam { $short_ms } ms; timeout { $long } ms menghasilkan
    { $long_duplicates } dan rata-rata butuh { $long_ms } ms.
found_bursts =
    Bila kehilangan yang sama datang dalam burst { $length } detik, PubSub meninggalkan { $missing } yang tidak sampai,
    bukan { $single }: retry-nya habis sebelum burst berakhir (teori: { $theory }). Direct kehilangan { $direct }, sama
    seperti tanpa burst.
found_agreement =
    { $agreeing } dari { $all } angka sesuai dengan teori: selisihnya kurang dari { $errors } galat baku, atau peluangnya
    tidak lebih kecil dari itu jika angkanya jarang. { $worlds ->
        [1] Setiap ukuran setiap kasus dihitung. Semua kasus menemui nasib yang sama, jadi ini bukan uji yang saling bebas.
       *[other] Setiap ukuran setiap kasus dihitung sekali untuk setiap sumber, dan ada { $worlds } sumber. Semua kasus dan
        sumber menemui nasib yang sama, jadi ini bukan uji yang saling bebas.
    }
found_others = Yang tidak sesuai: { $names }.
found_lateness =
    Dalam waktu nyata, 99% timer setiap kasus terlambat paling lama { $late } ms. Percobaan langsung berjalan { $speed } kali
    lebih cepat daripada waktu di tabel; di sana itu berarti { $longer } ms: waktu langsung lebih panjang, sebagian dari itu
    untuk setiap paket di jalan.

## Angka

measure_delivered = Sampai
measure_delivered_to_all = Sampai ke semua subscriber
measure_acknowledged = Dikonfirmasi
measure_failed = Gagal padahal sampai
measure_attempts = Pengiriman
measure_copies = Salinan yang sampai
measure_duplicates = Duplikat per pesan
measure_packets = Paket
measure_latency = Latensi rata-rata (ms)
measure_p99 = Latensi p99 (ms)
measure_time_to_ack = Waktu sampai ACK (ms)
measure_held = Waktu di window (ms)
measure_throughput = Sampai per detik

summary_columns =
    Kasus
    Sumber
    Sampai
    Dikonfirmasi
    Gagal padahal sampai
    Pengiriman
    Duplikat
    Latensi rata-rata (ms)
    Latensi p99 (ms)
    Waktu di window (ms)
    Sampai per detik
    Sesuai
    Terjauh (z)

runner_columns =
    Runner
    Dalam perjalanan
    Thread
    Tambahan memori (MiB)
    Timer
    Terlambat p50 (ms)
    Terlambat p99 (ms)
    Terlambat maks (ms)

cost_columns =
    Kasus
    Runner
    Kecepatan
    Thread
    Memori (MiB)
    Timer
    Terlambat p50 (ms)
    Terlambat p99 (ms)
    Terlambat maks (ms)

## Gambar

distributions_title = Berapa lama sampai pesan diterima
distributions_caption =
    Bagian dari semua pesan yang sudah sampai pada suatu waktu, dihitung dari pengiriman pertama: garis menurut teori,
    tanda menurut yang terjadi. Setiap anak tangga adalah satu pengiriman lagi; garis yang berakhir di bawah 1
    kehilangan sisanya.
distributions_columns =
    Kasus
    Sumber
    Bagian dari yang sampai
    Prediksi (ms)
    Teramati (ms)
distances_title = Seberapa jauh angka dari teori
distances_caption =
    Setiap tanda adalah satu angka dari satu kasus. { $within } dari { $all } berada dalam dua galat baku. Kebetulan akan
    menaruh 95% di sana jika semuanya saling bebas; tetapi semua kasus dan sumber menemui nasib yang sama, jadi menyimpang
    ke arah yang sama. Dari { $tested } angka yang dibandingkan dengan teori, sisanya terlalu jarang untuk galat baku dan
    tidak digambar; peluang tepatnya ada di table.csv.
distances_axis = galat baku (z)
distances_mark = satu angka dari salah satu dari { $cases } kasus
distances_band = tempat 95% angka
distances_limit = batas angka yang masih sesuai
distances_columns =
    Kasus
    Angka
    Sumber
    z
heat_title = Apa yang didapat dari retry dan timeout, dan berapa biayanya
heat_caption =
    Satu baris untuk setiap jumlah retry, satu kolom untuk setiap timeout dalam milidetik; makin gelap, makin banyak. Retry
    menentukan apa yang sampai; timeout menentukan biayanya.
heat_axis = ke bawah: retry; mendatar: timeout (ms)
heat_columns =
    Retry
    Timeout (ms)
    Sampai
    Gagal padahal sampai
    Duplikat
    Latensi rata-rata (ms)

## Cara membuatnya

raw_files = Berkas mentah
raw_environment = bagaimana dan kapan dibuat, dengan konfigurasi setiap kasus
raw_records = baris "{ $world }", satu berkas per kasus: nasib setiap pesan di setiap subscriber, waktu dalam nanodetik
raw_costs = berapa biaya menunggu pesan-pesan itu, dan seberapa terlambat timer menurut jam dinding
raw_traces = riwayat 20 pesan pertama, satu berkas per kasus, untuk chatsim replay
term_version = Versi
term_commit = Commit
term_rustc = Kompilator
term_build = Build
term_command_line = Baris perintah
term_started = Dimulai
term_seed = Seed
term_messages = Pesan di setiap kasus

## Syarat

gate_met = syarat { $gate }: terpenuhi ({ $checked } diperiksa)
gate_not_met = syarat { $gate }: TIDAK terpenuhi oleh { $broken } dari { $checked }
gate_more = dan { $more } lagi
gate_value = { $column } adalah { $value }
gate_no_value = { $column } tidak punya nilai
gate_no_rows = { $column } tidak punya nilai: tidak ada baris yang bisa dihitung

## Pemeriksaan

check_agree =
    { $agreeing } dari { $all } angka sesuai dengan teori, di { $cases } kasus dengan { $messages } pesan; tentang { $silent } angka lain teori tidak mengatakan apa pun
check_far = TIDAK SESUAI: { $case }: { $measure } adalah { $observed }, prediksi { $predicted }: { $z } galat baku, paling banyak { $most }
check_rare = TIDAK SESUAI: { $case }: { $measure } adalah { $observed }, prediksi { $predicted }: peluangnya { $p }, paling sedikit { $least }

## Putar ulang

replay_same = Semua { $facts } fakta sama sekali lagi.
replay_differs = BERBEDA di baris { $at }: di rekaman { $in_trace }; diputar ulang { $replayed }
replay_nothing = tidak ada
replay_message = Pesan { $id }
fact_created = dibuat
fact_sent = terkirim, pengiriman { $attempt }
fact_ack_sent = ACK untuk pengiriman { $attempt } terkirim
fact_lost = pengiriman { $attempt } hilang
fact_ack_lost = ACK untuk pengiriman { $attempt } hilang
fact_held = pengiriman { $attempt } tiba terlalu awal, ditahan
fact_delivered = sampai lewat pengiriman { $attempt }
fact_duplicate = pengiriman { $attempt } tiba sebagai duplikat
fact_acknowledged = dikonfirmasi oleh ACK untuk pengiriman { $attempt }
fact_late_ack = ACK untuk pengiriman { $attempt } tiba terlambat
fact_given_up = dihentikan, tidak sampai
fact_given_up_delivered = dihentikan dan dilaporkan gagal, padahal sampai
fact_dead_letter = dead letter: tidak ada lagi yang bisa menyampaikannya
fact_at = subscriber { $subscriber }: { $what }
