/**
 * What retext-equality reports and this processor does not: pronouns, titles and names of relatives, which
 * are right where a certain person is meant, and words that mostly mean something else. A caller's `terms`
 * can add any of them. */ export const HARMLESS_WORDS: readonly string[] = ` he she him her his hers
  himself herself he'd she'd he'll she'll he's she's mother mothers mom moms mum mums mommy mommies
  momma mama mamas motherly mumma papa papas father fathers dad dads daddy daddies paternal maternal
  paternity maternity fraternal aunt aunts uncle uncles son sons daughter daughters sister sisters
  brother brothers niece nieces nephew nephews grandma granny grandmother grandmothers grandpa
  grandpappy gramps grandfather grandfathers granddaddy granddaughter granddaughters grandson grandsons
  stepsister stepsisters stepbrother stepbrothers stepmom stepmother stepmothers stepdad stepfather
  stepfathers godmother godfather wife wives husband husbands bride groom widow widows widower widowers
  boy boys girl girls man men woman women male males female females lady ladies gentleman gentlemen gal
  lad fellow fellows fellowship miss. mrs. mr. king kings queen queens prince princes princess
  princesses emperor emperors empress empresses lord lords actor actors hero heroes heroine heroines
  host hosts hostess waiter waiters steward stewards master masters masterful mastermind masterpiece
  masterpieces masterplan masterstroke alumnus alumni alumna alumnae simple simply easy easily obvious
  obviously clearly basically just straightforward straightforwardly disabled invalid special primitive
  normal depressed bipolar insomnia rehab hang hanged execute executed executes executing kill killed
  kills killing abort aborted fancy basic minority pop add tribe savage challenged asylum bi black white
  islamist islamists sane neurotic alcoholic addict addicts spade dwarf oriental totem bride moan
`
  .trim()
  .split(/\s+/);
