//! What is said of a load in sentences.

use super::{
    accounting::{Account, Accounting, BACKENDS},
    gaps::Gap,
    rows::Summary,
};
use crate::language::Language;

/// Why its numbers must not be used.
pub(super) fn marks(summary: &Summary, language: Language) -> Vec<String> {
    let wrong = summary.wrong_answers;
    let wrong = (wrong > 0).then(|| language.wrong_answers(wrong));
    let accounts = accounts(&summary.accounting).iter().filter(|account| !account.agrees);
    let differing = accounts.map(|account| both_counts(account, language));
    wrong.into_iter().chain(differing).map(|why| language.load_invalid(why)).collect()
}

/// Everything else.
pub(super) fn of(summary: &Summary, language: Language) -> Vec<String> {
    let mut remarks = Vec::new();
    if summary.elapsed_s > 0.0 {
        let Gap { from, length } = summary.longest_gap;
        let [from, length] = [from, length].map(|time| language.duration(time.as_secs_f64()));
        remarks.push(language.longest_gap(length, from));
    }
    for (cause, failure) in &summary.failures {
        remarks.push(language.failed_requests(failure.count, cause, &failure.sentence));
    }
    if summary.unsent > 0 {
        remarks.push(language.unsent(summary.unsent));
    }
    if summary.is_interrupted {
        remarks.push(language.load_interrupted(summary.unfinished));
    }
    if let Some(why) = &summary.uploads_unverified {
        remarks.push(language.uploads_unverified(why));
    }
    match &summary.accounting {
        Accounting::NotAsked => {}
        Accounting::CountsNothing => remarks.push(language.target_counts_nothing()),
        Accounting::Unknown(why) => remarks.push(language.target_counts_unknown(why)),
        Accounting::Counted(counted) => remarks.extend(agreements(&counted.accounts, language)),
    }
    remarks
}

fn agreements(accounts: &[Account], language: Language) -> impl Iterator<Item = String> {
    let agreeing = accounts.iter().filter(|account| account.agrees);
    let (same, similar): (Vec<&Account>, Vec<&Account>) =
        agreeing.partition(|account| account.clients == account.target);
    let counted = |account: &&Account| {
        let counts = language.counts(account.clients.ok, account.clients.failed);
        format!("{} {counts}", requests(account, language))
    };
    let same: Vec<String> = same.iter().map(counted).collect();
    let same = (!same.is_empty()).then(|| language.counts_agree(same.join("; ")));
    let fit = move |account: &Account| {
        let both = both_counts(account, language);
        match account.requests == BACKENDS {
            true => language.backends_fit(both),
            false => language.counts_fit(both),
        }
    };
    same.into_iter().chain(similar.into_iter().map(fit))
}

fn accounts(accounting: &Accounting) -> &[Account] {
    match accounting {
        Accounting::NotAsked | Accounting::CountsNothing | Accounting::Unknown(_) => &[],
        Accounting::Counted(counted) => &counted.accounts,
    }
}

/// Which of them are counted.
fn requests(account: &Account, language: Language) -> String {
    if account.requests == BACKENDS { language.all_backends() } else { account.requests.clone() }
}

fn both_counts(account: &Account, language: Language) -> String {
    let Account { clients, target, .. } = account;
    let requests = requests(account, language);
    let clients = language.counts(clients.ok, clients.failed);
    language.both_counts(requests, clients, language.counts(target.ok, target.failed))
}
