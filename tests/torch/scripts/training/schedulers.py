from torch import nn
from torch.optim import SGD, Adam
from torch.optim import lr_scheduler as S

model = nn.Linear(2, 1)


def run(name, make, n=8, lr=0.1, **kw):
    optimizer = SGD(model.parameters(), lr=lr, momentum=0.9)
    scheduler = make(optimizer)
    lrs = []
    for _ in range(n):
        optimizer.step()
        lrs.append(optimizer.param_groups[0]["lr"])
        scheduler.step(**kw)
    print(f"{name:28s}", " ".join(f"{lr:.5f}" for lr in lrs))


run("StepLR", lambda o: S.StepLR(o, step_size=3, gamma=0.5))
run("MultiStepLR", lambda o: S.MultiStepLR(o, milestones=[2, 5], gamma=0.1))
run("ConstantLR", lambda o: S.ConstantLR(o, factor=0.5, total_iters=4))
run("LinearLR", lambda o: S.LinearLR(o, start_factor=0.1, total_iters=5))
run("ExponentialLR", lambda o: S.ExponentialLR(o, gamma=0.9))
run("PolynomialLR", lambda o: S.PolynomialLR(o, total_iters=6, power=2.0))
run("CosineAnnealingLR", lambda o: S.CosineAnnealingLR(o, T_max=5, eta_min=0.01))
run("CosineAnnealingWarmRestarts", lambda o: S.CosineAnnealingWarmRestarts(o, T_0=2, T_mult=2))
run("LambdaLR", lambda o: S.LambdaLR(o, lr_lambda=lambda epoch: 0.95**epoch))
run("MultiplicativeLR", lambda o: S.MultiplicativeLR(o, lr_lambda=lambda epoch: 0.8))
run("CyclicLR triangular", lambda o: S.CyclicLR(o, base_lr=0.01, max_lr=0.1, step_size_up=3))
run(
    "CyclicLR exp_range",
    lambda o: S.CyclicLR(o, 0.01, 0.1, step_size_up=2, mode="exp_range", gamma=0.9),
)
run("OneCycleLR", lambda o: S.OneCycleLR(o, max_lr=0.5, steps_per_epoch=4, epochs=2))
run(
    "ReduceLROnPlateau",
    lambda o: S.ReduceLROnPlateau(o, "min", factor=0.1, patience=2),
    metrics=1.0,
)
run(
    "SequentialLR",
    lambda o: S.SequentialLR(
        o, [S.ConstantLR(o, 0.1, total_iters=2), S.ExponentialLR(o, 0.9)], milestones=[3]
    ),
)
run(
    "ChainedScheduler",
    lambda o: S.ChainedScheduler([S.ConstantLR(o, 0.1, total_iters=2), S.ExponentialLR(o, 0.9)]),
)

optimizer = Adam([{"params": model.weight}, {"params": model.bias, "lr": 1e-2}], lr=1e-3)
scheduler = S.StepLR(optimizer, step_size=1, gamma=0.1)
print(scheduler.get_last_lr(), scheduler.state_dict()["last_epoch"])
optimizer.step()
scheduler.step()
print([f"{g['lr']:.1e}" for g in optimizer.param_groups], scheduler.last_epoch)
print(optimizer)


def warmup(step, warmup_steps=4, d_model=16):
    step += 1
    return d_model ** (-0.5) * min(step ** (-0.5), step * warmup_steps ** (-1.5))


run("Noam", lambda o: S.LambdaLR(o, warmup), lr=1.0)
