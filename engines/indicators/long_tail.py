"""Indicators that a library of many reckons when somebody asks: which there are, their numbers and outputs.

Kept as a list of its own, so that no name that a person types reaches the library unless it stands here. Left
out are those that need more than one market's candles, and those whose past changes when the future comes.
"""

from typing import Final

LONG_TAIL: Final = """
aberration price length=5,atr_length=15 - sg xg .atr
accbands price length=20 lower *middle upper
ad pane - -
adosc pane fast=3,slow=10 -
adxr pane length=14 - di_plus di_minus
alma price length=10,sigma=6.0 -
amat pane fast=8,slow=21,lookback=2 long short
ao pane fast=5,slow=34 -
aobv pane fast=4,slow=12 - .lowest .highest fast slow .long .short
apo pane fast=12,slow=26 -
aroon pane length=14 down up *osc
avolume pane length=20 -
bias pane length=26 -
bop pane - -
brar pane length=26 ar br
cci pane length=20 -
cdl_z pane length=30 open high low *close
ce price length=22,multiplier=3.0 long short
cfo pane length=9 -
cg pane length=10 -
chop pane length=14,atr_length=1 -
cksp price p=10,x=3.0,q=20 long short
cmf pane length=20 -
cmo pane length=14 -
coppock pane length=10,fast=11,slow=14 -
cpr price - top *pivot bottom r1 r2 s1 s2 .width .width_percent .width_class .position
cti pane length=12 -
cvi pane length=10 -
decay price length=5 -
decreasing pane length=1 -
dm pane length=14 plus minus
dpo pane length=20 -
drawdown pane - - .percent .log
dsp pane length=14 -
dx pane length=14 -
ebsw pane length=40 -
edecay price length=5 -
efi pane length=13 -
emv pane - -
entropy pane length=10 -
eom pane length=14 -
er pane length=10 -
eri pane length=13 bull bear
fisher pane length=9,signal=1 - signal
fosc pane length=14 -
fwma price length=10 -
ha price - open high low *close
hilo price high_length=13,low_length=21 .- long short
hl2 price - -
hlc3 price - -
hma price length=9 -
ht_dcperiod pane - -
ht_dcphase pane - -
ht_phasor pane - inphase quadrature
ht_sine pane - - lead
ht_trendline price - -
ht_trendmode pane - -
hvol pane length=20 -
hwc price na=0.2,nb=0.1,nc=0.1,nd=0.1 *middle upper lower
hwma price na=0.2,nb=0.1,nc=0.1 -
ichimoku price tenkan=9,kijun=26,senkou=52 span_a span_b tenkan *kijun
increasing pane length=1 -
inertia pane length=20,rvi_length=14 -
jma price length=7 -
kama price length=10,fast=2,slow=30 -
kc price length=20,scalar=2.0 lower *middle upper
kdj pane length=9,signal=3 k d j
kst pane - - signal
kurtosis pane length=30 -
kvo pane fast=34,slow=55,signal=13 - signal
linreg price length=14 -
linregangle pane length=14 -
linregintercept price length=14 -
linregslope pane length=14 -
log_return pane length=1 -
lrsi pane length=14 -
macdext pane fast=12,slow=26,signal=9 - signal hist
macdfix pane signal=9 - hist signal
mad pane length=30 -
mama price fastlimit=0.5,slowlimit=0.05 - fama
marketfi pane - -
massi pane fast=9,slow=25 -
mcgd price length=10 -
median price length=30 -
mfi pane length=14 -
midpoint price length=14 -
midprice price length=14 -
minus_dm pane length=14 -
mmar price length=10 1 2 3 4 5 6
mom pane length=10 -
msw pane period=5 - lead
natr pane length=14 -
nvi pane length=1 -
ohlc4 price - -
pdist pane - -
percent_return pane length=1 -
pgo pane length=14 -
plus_dm pane length=14 -
pmax price length=10,multiplier=3.0 -
po pane length=14 -
ppo pane fast=12,slow=26,signal=9 - hist signal
psar price af=0.02,max_af=0.2 long short .af .reversal
psl pane length=12 -
pvi pane length=1 -
pvo pane fast=12,slow=26,signal=9 - hist signal
pvol pane - -
pvr pane - -
pvt pane - -
pwma price length=10 -
qqe pane length=14,smooth=5,factor=4.236 - rsi_average .long .short .basis_long .basis_short .direction
qstick pane length=10 -
quantile price length=30,q=0.5 -
rainbow price length=2 1 2 3 4 5 6 7 8 9 10
rma price length=10 -
roc pane length=10 -
rocp pane length=10 -
rocr pane length=10 -
rocr100 pane length=10 -
rsx pane length=14 -
rvgi pane length=14 hist *- signal
rvi pane length=14 -
sarext price - -
sinwma price length=14 -
skew pane length=30 -
slope pane length=1 -
smc_sweep pane length=15,wick_mult=1.5 -
smi pane fast=5,slow=20,signal=5 - signal hist
squeeze pane bb_length=20,bb_std=2.0,kc_length=20,kc_scalar=1.5 - .on .off .no
squeeze_pro pane - - .on_wide .on_normal .on_narrow .off .no
ssf price length=10 -
stc pane tclength=10,fast=12,slow=26,factor=0.5 - .macd .stoch
stderr pane length=14 -
stochf pane fastk=5,fastd=3 k d
swma price length=10 -
t3 price length=10,a=0.7 -
td_seq pane - up down
tema price length=20 -
thermo pane length=20,long=2.0,short=0.5 - average .long .short
trima price length=10 -
trix pane length=30,signal=9 - signal
trixh pane length=18,signal=9 - signal hist
true_range pane - -
tsf price length=14 -
tsi pane fast=13,slow=25,signal=13 - signal
ttm_trend pane length=6 -
ui pane length=14 -
uo pane fast=7,medium=14,slow=28 -
variance pane length=20 -
vfi pane length=130 -
vhf pane length=28 -
vidya price length=14 -
vortex pane length=14 plus minus
vosc pane fast=14,slow=28 -
vwma price length=20 -
vwmacd pane fast=12,slow=26,signal=9 - hist signal
wad pane - -
wcp price - -
willr pane length=14 -
zlma price length=10 -
zscore pane length=30,std=1.0 -
"""
"""A line an indicator: its name, whether it is drawn over the price or in a pane, its numbers with what they
are when nobody says (one with a point may be a fraction; `a+b` are two that are always the same), its outputs
in the library's order. `-` is none, or the output without a name of its own; `*` marks the one that is meant
when none is named (else the first), a point before one is no line to draw."""

PATTERNS: Final = """
2crows 3blackcrows 3inside 3linestrike 3outside 3starsinsouth 3whitesoldiers abandonedbaby
advanceblock belthold breakaway closingmarubozu concealbabyswall counterattack darkcloudcover doji
dojistar dragonflydoji engulfing eveningdojistar eveningstar gapsidesidewhite gravestonedoji hammer
hangingman harami haramicross highwave hikkake hikkakemod homingpigeon identical3crows inneck inside
invertedhammer kicking kickingbylength ladderbottom longleggeddoji longline marubozu matchinglow
mathold morningdojistar morningstar onneck piercing rickshawman risefall3methods separatinglines
shootingstar shortline spinningtop stalledpattern sticksandwich takuri tasukigap thrusting tristar
unique3river upsidegap2crows xsidegap3methods
"""
"""Candle patterns; as indicators they are called `cdl_hammer` and are 100, 0 or -100."""
